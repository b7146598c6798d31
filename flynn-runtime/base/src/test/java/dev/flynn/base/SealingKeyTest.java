package dev.flynn.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import org.junit.jupiter.api.Test;

class SealingKeyTest {

    private final SealingKey key = SealingKey.random();

    @Test
    void whatWasSealedOpensAtItsPlace() {
        String sealed = key.seal("acme/account", "secret ü");

        assertThat(sealed).doesNotContain("secret");
        assertThat(SealingKey.of(key.bytes()).open("acme/account", sealed)).isEqualTo("secret ü");
    }

    @Test
    void theSameTextIsNeverSealedTheSame() {
        assertThat(key.seal("a", "text")).isNotEqualTo(key.seal("a", "text"));
    }

    @Test
    void anotherKeyOrPlaceOpensNothing() {
        String sealed = key.seal("a", "text");

        assertThatThrownBy(() -> SealingKey.random().open("a", sealed)).hasMessageContaining("another sealing key");
        assertThatThrownBy(() -> key.open("b", sealed)).hasMessageContaining("at b");
    }

    @Test
    void aChangeOfAnyByteIsSeen() {
        String sealed = key.seal("a", "text");
        byte[] bytes = Base64.getDecoder().decode(sealed.substring(2));
        for (int i = 0; i < bytes.length; i++) {
            byte[] changed = bytes.clone();
            changed[i] ^= 1;
            String text = "1." + Base64.getEncoder().encodeToString(changed);
            assertThatThrownBy(() -> key.open("a", text)).hasMessageContaining("cannot be read");
        }
        for (String broken : new String[] {"", "1.", "1.AAAA", "1.*", "2" + sealed.substring(1)}) {
            assertThatThrownBy(() -> key.open("a", broken)).as(broken).hasMessageContaining("cannot be read");
        }
    }

    @Test
    void aKeyOfAnotherLengthIsRefused() {
        assertThatThrownBy(() -> SealingKey.of(new byte[16])).hasMessageContaining("32 bytes, this one has 16");
    }

    @Test
    void theKeyIsNotShown() {
        assertThat(key).asString().isEqualTo("SealingKey[***]");
    }
}
