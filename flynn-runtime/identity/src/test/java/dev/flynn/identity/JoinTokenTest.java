package dev.flynn.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JoinTokenTest {

    private final JoinToken token = JoinToken.random(UUID.randomUUID(), new byte[32]);

    static byte[] bytes(JoinToken token) {
        return Base64.getUrlDecoder().decode(token.text().substring("flynn-join-1.".length()));
    }

    static JoinToken withCheckSum(byte[] bytes) {
        CRC32 sum = new CRC32();
        sum.update(bytes, 0, bytes.length - 4);
        ByteBuffer.wrap(bytes).putInt(bytes.length - 4, (int) sum.getValue());
        return JoinToken.parse(
                "flynn-join-1." + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes));
    }

    @Test
    void itsTextIsReadBackWithSpacesAround() {
        JoinToken read = JoinToken.parse("  " + token.text() + "\n");

        assertThat(read.text()).isEqualTo(token.text());
        assertThat(read.clusterId()).isEqualTo(token.clusterId());
        assertThat(read.id()).isEqualTo(token.id());
        assertThat(read.secretHash()).isEqualTo(token.secretHash());
    }

    @Test
    void itDoesNotTellItsSecretByAccident() {
        assertThat(token.toString()).isEqualTo("JoinToken[" + token.id() + "]");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aTokenWithOneOtherLetterIsNotAWholeToken(long seed) {
        var random = new Random(seed);
        StringBuilder text = new StringBuilder(token.text());
        int at = "flynn-join-1.".length() + random.nextInt(text.length() - "flynn-join-1.".length() - 1);
        text.setCharAt(at, text.charAt(at) == 'A' ? 'B' : 'A');

        assertThatThrownBy(() -> JoinToken.parse(text.toString())).hasMessageContaining("copy the whole line");
    }

    @Test
    void aTokenThatIsCutShortIsToldSo() {
        assertThatThrownBy(() -> JoinToken.parse(token.text().substring(0, 60)))
                .hasMessageContaining("copy the whole line");
    }

    @Test
    void anotherFormatIsRefusedByName() {
        assertThatThrownBy(() -> JoinToken.parse("flynn-join-2.abc"))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("format 2")
                .hasMessageContaining("format 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hello", "https://discovery.example/clusters/1", "flynn-join-"})
    void whatIsNoTokenIsToldWhereOneComesFrom(String text) {
        assertThatThrownBy(() -> JoinToken.parse(text)).hasMessageContaining("flynn-host token create");
    }
}
