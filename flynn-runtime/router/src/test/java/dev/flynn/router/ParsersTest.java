package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.BadMessage;
import dev.flynn.router.message.BodyReader;
import dev.flynn.router.message.Framing;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadScanner;
import dev.flynn.router.message.RequestTarget;
import dev.flynn.router.tls.ClientHello;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the parsers do with generated input, cut into pieces anywhere; the long form has as many times more as the system
 * property {@code router.attack.factor} says.
 */
class ParsersTest {

    private static final int FACTOR = Integer.getInteger("router.attack.factor", 1);

    /** RFC 9112, sections 3 and 5, once more and by other means. */
    private static final Pattern REQUEST_LINE =
            Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^\\x00-\\x20\\x7f]+ HTTP/1\\.[01]");

    private static final Pattern STATUS_LINE =
            Pattern.compile("HTTP/1\\.[01] [1-9]\\d\\d( [^\\x00-\\x08\\n-\\x1f\\x7f]*)?");

    private static final Pattern FIELD_LINE =
            Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\\x00-\\x08\\n-\\x1f\\x7f]*");

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void aChunkedBodyIsReadWhereverItIsCut(long seed) throws BadMessage {
        Random random = new Random(seed);
        var sent = new ByteArrayOutputStream();
        StringBuilder wire = new StringBuilder();
        int chunks = random.nextInt(20);
        for (int i = 0; i < chunks; i++) {
            String data = "x".repeat(1 + random.nextInt(300)) + i;
            sent.writeBytes(Ascii.bytes(data));
            String size = Integer.toHexString(data.length());
            wire.append(random.nextBoolean() ? size.toUpperCase(java.util.Locale.ROOT) : "00" + size)
                    .append(random.nextInt(3) == 0 ? ";name=\"value\"" : "")
                    .append("\r\n")
                    .append(data)
                    .append("\r\n");
        }
        wire.append("0\r\n")
                .append(random.nextBoolean() ? "X-Trailer: y\r\nA: b\r\n" : "")
                .append("\r\nNEXT");
        var received = new ByteArrayOutputStream();
        BodyReader reader = new BodyReader();
        reader.begin(Framing.CHUNKED);

        ByteBuf in = Unpooled.buffer();
        boolean done = false;
        for (int at = 0; at < wire.length(); ) {
            int end = Math.min(wire.length(), at + 1 + random.nextInt(50));
            in.writeBytes(Ascii.bytes(wire.substring(at, end)));
            if (random.nextBoolean() && reader.takesAll(in)) {
                received.writeBytes(ByteBufUtil.getBytes(in));
                done = reader.took(in.readableBytes());
                in.clear();
            } else {
                done = reader.read(in, data -> {
                    received.writeBytes(ByteBufUtil.getBytes(data));
                    data.release();
                });
            }
            at = end;
        }

        assertThat(done).isTrue();
        assertThat(received.toString(StandardCharsets.US_ASCII)).isEqualTo(sent.toString(StandardCharsets.US_ASCII));
        assertThat(in.toString(StandardCharsets.US_ASCII)).isEqualTo("NEXT");
        in.release();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aDamagedHeadIsReadOrRefusedAndNothingElse(long seed) {
        Random random = new Random(seed);
        String request = "POST /path?query HTTP/1.1\r\nHost: app.example.org:80\r\nConnection: a, b,,\r\nX: y\r\n"
                + "Content-Length: 12\r\nCookie: a=b; _backend=xyz\r\n\r\n";
        String response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n";
        Head head = new Head();
        int read = 0;
        for (int i = 0; i < 20_000 * FACTOR; i++) {
            boolean isRequest = random.nextBoolean();
            byte[] bytes = damage(Ascii.bytes(isRequest ? request : response), random);
            try {
                int length = new HeadScanner(1024).find(Unpooled.wrappedBuffer(bytes));
                if (length < 0) {
                    continue;
                }
                if (isRequest) {
                    head.readRequest(Unpooled.wrappedBuffer(bytes), length);
                    Framing.ofRequest(head);
                    RequestTarget.of(head);
                } else {
                    head.readResponse(Unpooled.wrappedBuffer(bytes), length);
                    Framing.ofResponse(head, false);
                }
                read++;
                requireWellFormed(isRequest, new String(bytes, 0, length, StandardCharsets.ISO_8859_1));
            } catch (BadMessage refused) {
                assertThat(refused.status()).isBetween(400, 505);
            }
        }
        assertThat(read).as("heads that were still good").isPositive();
    }

    /** What was taken for a head is one to every other reader too. */
    private static void requireWellFormed(boolean isRequest, String head) {
        String[] lines = head.split("\r\n", -1);
        assertThat(lines[0]).matches(isRequest ? REQUEST_LINE : STATUS_LINE);
        for (int i = 1; i < lines.length - 2; i++) {
            assertThat(lines[i]).matches(FIELD_LINE);
        }
        assertThat(lines[lines.length - 1] + lines[lines.length - 2]).isEmpty();
    }

    /** Changes, drops and doubles a few bytes. */
    private static byte[] damage(byte[] bytes, Random random) {
        var damaged = new ByteArrayOutputStream();
        String alphabet = "\r\n :,\tHTTP/10\0xé\u007f;=";
        for (byte b : bytes) {
            switch (random.nextInt(60)) {
                case 0 -> damaged.write(alphabet.charAt(random.nextInt(alphabet.length())));
                case 1 -> {}
                case 2 -> {
                    damaged.write(b);
                    damaged.write(b);
                }
                default -> damaged.write(b);
            }
        }
        damaged.writeBytes(Ascii.bytes("\r\n\r\n"));
        return damaged.toByteArray();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 64})
    void aHeadIsFoundWhereverItIsCut(int step) throws BadMessage {
        byte[] head = Ascii.bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        HeadScanner scanner = new HeadScanner(1024);
        ByteBuf in = Unpooled.buffer();

        int found = -1;
        for (int at = 0; at < head.length; at += step) {
            assertThat(found).isNegative();
            in.writeBytes(head, at, Math.min(step, head.length - at));
            found = scanner.find(in);
        }

        assertThat(found).isEqualTo(head.length);
        in.release();
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET / HTTP/1.1\n", "GET / HTTP/1.1\r\nX: y\n", "\n"})
    void aBareLineFeedIsRefusedBeforeTheHeadIsComplete(String start) {
        assertThatThrownBy(() -> new HeadScanner(1024).find(Unpooled.wrappedBuffer(Ascii.bytes(start))))
                .isInstanceOf(BadMessage.class);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void whatIsPendingTakesNoMoreRoomThanItNeeds(long seed) {
        Random random = new Random(seed);
        ByteBuf pending = Unpooled.buffer(64);
        pending.writeBytes(new byte[50]);
        for (int i = 0; i < 10_000; i++) {
            ByteBuf slice = random.nextInt(10) == 0 ? pending.retainedSlice() : Unpooled.EMPTY_BUFFER;
            pending.skipBytes(random.nextInt(pending.readableBytes() + 1));
            byte[] added = new byte[100];
            random.nextBytes(added);
            var expected = new ByteArrayOutputStream();
            expected.writeBytes(ByteBufUtil.getBytes(pending));
            expected.writeBytes(added);

            pending = Pending.append(UnpooledByteBufAllocator.DEFAULT, pending, Unpooled.wrappedBuffer(added));

            assertThat(ByteBufUtil.getBytes(pending)).isEqualTo(expected.toByteArray());
            slice.release();
        }
        assertThat(pending.capacity()).isLessThan(8192);
        pending.release();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void whatAHandshakeOffersIsFoundAndMalformedOnesOfferNothing(long seed) {
        Random random = new Random(seed);
        boolean offered = random.nextBoolean();
        ByteBuf protocols = Unpooled.buffer();
        for (String name : new String[] {"h2", offered ? "acme-tls/1" : "acme-tls/2", "http/1.1"}) {
            protocols.writeByte(name.length()).writeBytes(Ascii.bytes(name));
        }
        ByteBuf extensions = Unpooled.buffer();
        for (int type = 0; type < 10; type++) {
            byte[] content = new byte[random.nextInt(20)];
            random.nextBytes(content);
            extensions.writeShort(100 + type).writeShort(content.length).writeBytes(content);
        }
        extensions.writeShort(16).writeShort(protocols.readableBytes() + 2).writeShort(protocols.readableBytes());
        extensions.writeBytes(protocols);
        ByteBuf hello = Unpooled.buffer();
        hello.writeZero(34)
                .writeByte(32)
                .writeZero(32)
                .writeShort(4)
                .writeZero(4)
                .writeByte(1)
                .writeZero(1);
        hello.writeShort(extensions.readableBytes()).writeBytes(extensions);

        assertThat(ClientHello.offers(hello, "acme-tls/1")).isEqualTo(offered);
        assertThat(hello.readerIndex()).isZero();
        for (int length = 0; length < hello.readableBytes(); length++) {
            assertThat(ClientHello.offers(hello.slice(0, length), "acme-tls/1")).isFalse();
        }
        for (int i = 0; i < 200; i++) {
            byte[] noise = new byte[random.nextInt(200)];
            random.nextBytes(noise);
            assertThat(ClientHello.offers(Unpooled.wrappedBuffer(noise), "acme-tls/1"))
                    .isFalse();
        }
    }
}
