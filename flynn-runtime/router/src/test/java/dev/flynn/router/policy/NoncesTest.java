package dev.flynn.router.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.router.message.Ascii;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class NoncesTest {

    private static final byte[] KEY = Ascii.bytes("a key of thirty-two bytes, so so");

    private final AtomicLong now = new AtomicLong(1_000_000);
    private final Nonces nonces = new Nonces(KEY, now::get);

    @Test
    void everyRouterWithTheKeyKnowsThem() {
        var other = new Nonces(KEY.clone(), () -> now.get() - 2_000);

        assertThat(other.use(nonces.next("shop"), "shop", 1)).isTrue();
    }

    @Test
    void nobodyElseMakesThem() {
        var stranger = new Nonces(Ascii.bytes("another key of thirty-two bytes!"), now::get);
        String nonce = nonces.next("shop");
        String changed = (nonce.charAt(0) == 'A' ? 'B' : 'A') + nonce.substring(1);

        assertThat(nonces.use(stranger.next("shop"), "shop", 1)).isFalse();
        assertThat(nonces.use(nonce, "bank", 1)).isFalse();
        assertThat(nonces.use(changed, "shop", 1)).isFalse();
        assertThat(nonces.use("", "shop", 1)).isFalse();
        assertThat(nonces.use("not base64!", "shop", 1)).isFalse();
        assertThat(nonces.use(nonce, "shop", 1)).isTrue();
    }

    @Test
    void theyAreGoodForSomeMinutes() {
        String early = nonces.next("shop");
        now.addAndGet(Nonces.LIFETIME.toMillis());
        assertThat(nonces.use(early, "shop", 1)).isTrue();

        now.incrementAndGet();
        assertThat(nonces.use(early, "shop", 2)).isFalse();
    }

    @Test
    void noTwoAreEqual() {
        assertThat(nonces.next("shop")).isNotEqualTo(nonces.next("shop"));
    }
}
