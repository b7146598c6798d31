package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A body that is larger than the heap: the system property {@code router.upload.megabytes} says how large, the long suite runs
 * it with ten gigabytes through 64 MB.
 */
class HugeUploadTest {

    private static final int MEGABYTE = 1_000_000;
    private static final long BYTES = MEGABYTE * (long) Integer.getInteger("router.upload.megabytes", 100);

    @RegisterExtension
    final RouterFixture fixture = new RouterFixture();

    @Test
    void aHugeUploadPassesWithoutBeingHeld() throws IOException {
        TestBackend backend = fixture.open(TestBackend.running(connection -> {
            connection.readHead();
            connection.respond(Long.toString(count(connection.in())));
        }));
        fixture.route("app", backend);
        TestClient client = fixture.client();

        client.send("PUT / HTTP/1.1\r\nHost: app\r\nContent-Length: " + BYTES + "\r\n\r\n");
        byte[] piece = new byte[MEGABYTE];
        client.socket().setSoTimeout(60_000);
        for (long sent = 0; sent < BYTES; sent += piece.length) {
            client.out().write(piece);
        }

        assertThat(client.readResponse().text()).isEqualTo(Long.toString(BYTES));
    }

    private static long count(InputStream in) throws IOException {
        byte[] buffer = new byte[65_536];
        long count = 0;
        while (count < BYTES) {
            int read = in.read(buffer);
            if (read < 0) {
                break;
            }
            count += read;
        }
        return count;
    }
}
