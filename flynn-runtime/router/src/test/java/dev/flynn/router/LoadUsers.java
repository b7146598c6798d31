package dev.flynn.router;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/** Clients of every kind, who check what they get. None of them tries anything a second time that HTTP does not allow. */
final class LoadUsers {

    private static final int LARGEST_BODY = 40_000;

    private LoadUsers() {}

    /** Somebody who asks for one thing after the other. */
    interface User {

        /** @throws Exception if the answer is not the one that {@link EchoBackend} gives */
        void request(String id) throws Exception;

        /** Ends the connection if there is one. */
        void hangUp();
    }

    /** How to reach a router. */
    interface Dial {

        Socket connect() throws Exception;

        static Dial plain(InetSocketAddress address) {
            return () -> new Socket(address.getAddress(), address.getPort());
        }

        /** @param protocol to agree on by ALPN */
        static Dial tls(InetSocketAddress address, String domain, String protocol) {
            return () -> {
                SSLSocket socket = TestCertificates.socket(address, domain);
                SSLParameters parameters = socket.getSSLParameters();
                parameters.setApplicationProtocols(new String[] {protocol});
                socket.setSSLParameters(parameters);
                socket.setSoTimeout(10_000);
                require(TestCertificates.subject(socket), "CN=" + domain, "certificate");
                require(socket.getApplicationProtocol(), protocol, "protocol");
                return socket;
            };
        }
    }

    /** HTTP/1.1: bodies of both framings, slow answers; over a connection that is kept, or over a new one for each. */
    static class Http1User implements User {

        private final Dial dial;
        private final String host;
        private final boolean keepsConnection;
        private final Random random;
        private @Nullable TestClient client;

        Http1User(Dial dial, String host, boolean keepsConnection, Random random) {
            this.dial = dial;
            this.host = host;
            this.keepsConnection = keepsConnection;
            this.random = random;
        }

        @Override
        public void request(String id) throws Exception {
            TestClient connected = client == null ? new TestClient(dial.connect()) : client;
            client = connected;
            String fields = "Host: %s\r\n%s: %s\r\n%s%s"
                    .formatted(host, EchoBackend.ID, id, moreFields(), keepsConnection ? "" : "Connection: close\r\n");
            HttpMessage response;
            switch (random.nextInt(8)) {
                case 0 -> response = expect(connected, "GET /slow/" + id, fields + "\r\n", EchoBackend.slowBody());
                case 1, 2, 3 -> response = expect(connected, "GET /deep/er?" + id, fields + "\r\n", "");
                case 4, 5 -> {
                    String body = id.repeat(1 + random.nextInt(LARGEST_BODY) / id.length());
                    response = expect(
                            connected, "POST /", fields + "Content-Length: " + body.length() + "\r\n\r\n" + body, body);
                }
                default -> {
                    String body = id.repeat(1 + random.nextInt(100));
                    String chunk = Integer.toHexString(body.length()) + "\r\n" + body + "\r\n";
                    response = expect(
                            connected,
                            "PUT /",
                            fields + "Transfer-Encoding: chunked\r\n\r\n" + chunk + chunk + "0\r\n\r\n",
                            body + body);
                }
            }
            answered(response);
            if (!keepsConnection || response.field("Connection").orElse("").equals("close")) {
                hangUp();
            }
        }

        private HttpMessage expect(TestClient connected, String line, String rest, String body) throws IOException {
            connected.send(line + " HTTP/1.1\r\n" + rest);
            HttpMessage response = connected.readResponse();
            require(response.startLine(), "HTTP/1.1 200 OK", "status");
            require(response.text(), body, "body");
            return response;
        }

        String moreFields() {
            return "";
        }

        void answered(HttpMessage response) throws IOException {}

        @Override
        public void hangUp() {
            close(client);
            client = null;
        }
    }

    /** Comes back with the cookie that it was given, and expects the same backend while that is in the table. */
    static final class StickyUser extends Http1User {

        private final Predicate<String> hasLeft;
        private String cookie = "";
        private String backend = "";

        StickyUser(Dial dial, String host, Random random, Predicate<String> hasLeft) {
            super(dial, host, random.nextBoolean(), random);
            this.hasLeft = hasLeft;
        }

        @Override
        String moreFields() {
            return cookie.isEmpty() ? "" : "Cookie: " + cookie + "\r\n";
        }

        @Override
        void answered(HttpMessage response) throws IOException {
            String now = response.field(EchoBackend.NAME).orElseThrow();
            if (!backend.isEmpty() && !now.equals(backend) && !hasLeft.test(backend)) {
                throw new IOException("the session moved from %s to %s".formatted(backend, now));
            }
            backend = now;
            response.field("Set-Cookie").ifPresent(set -> cookie = set.split(";", 2)[0]);
        }
    }

    /** HTTP/2, some requests at a time over a connection that is kept until the router says that it goes away. */
    static final class Http2User implements User {

        private static final int STREAMS = 3;

        private final Dial dial;
        private final String host;
        private final Random random;
        private @Nullable Http2TestClient client;

        Http2User(Dial dial, String host, Random random) {
            this.dial = dial;
            this.host = host;
            this.random = random;
        }

        @Override
        public void request(String id) throws Exception {
            Http2TestClient connected = client == null ? Http2TestClient.over(dial.connect()) : client;
            client = connected;
            Map<Integer, String> wanted = new HashMap<>();
            for (int i = 0; i < STREAMS; i++) {
                String name = id + "." + i;
                if (random.nextBoolean()) {
                    wanted.put(connected.get(host, "/deep", "x-load-id: " + name), "");
                } else {
                    String body = name.repeat(1 + random.nextInt(500));
                    int stream = connected.post(host, "/", "x-load-id: " + name);
                    connected.data(stream, body, true);
                    wanted.put(stream, body);
                }
            }
            int notProcessed = readAll(connected, wanted);
            if (notProcessed > 0) { // which the router has said itself, so that they may be sent again (RFC 9113, 6.8)
                request(id + "r");
            }
        }

        /** @return how many requests the router has told to have come too late */
        private int readAll(Http2TestClient connected, Map<Integer, String> wanted) throws IOException {
            Map<Integer, ByteArrayOutputStream> bodies = new HashMap<>();
            boolean goesAway = false;
            int notProcessed = 0;
            while (!wanted.isEmpty()) {
                Http2TestClient.Frame frame = connected.read();
                switch (frame.type()) {
                    case Http2TestClient.GOAWAY -> {
                        require(Integer.toString(frame.errorCode()), "0", "reason to go away");
                        goesAway = true;
                        int last = frame.number();
                        int before = wanted.size();
                        wanted.keySet().removeIf(stream -> stream > last);
                        notProcessed += before - wanted.size();
                    }
                    case Http2TestClient.RST_STREAM ->
                        throw new IOException("stream %d was reset with %d".formatted(frame.stream(), frame.number()));
                    case Http2TestClient.HEADERS ->
                        require(frame.field(":status").orElse("none"), "200", "status");
                    case Http2TestClient.DATA -> {
                        bodies.computeIfAbsent(frame.stream(), any -> new ByteArrayOutputStream())
                                .writeBytes(frame.payload());
                        if (frame.payload().length > 0) {
                            connected.sendNumber(Http2TestClient.WINDOW_UPDATE, 0, frame.payload().length);
                        }
                    }
                    default -> {}
                }
                if (frame.type() <= Http2TestClient.HEADERS && frame.has(Http2TestClient.END_STREAM)) {
                    ByteArrayOutputStream body = bodies.get(frame.stream());
                    require(
                            body == null ? "" : body.toString(StandardCharsets.UTF_8),
                            Optional.ofNullable(wanted.remove(frame.stream())).orElse("nothing"),
                            "body");
                }
            }
            if (goesAway) {
                hangUp();
            }
            return notProcessed;
        }

        @Override
        public void hangUp() {
            close(client);
            client = null;
        }
    }

    /** A connection of another protocol, by an upgrade or through the port of a TCP route: what it says comes back. */
    static final class TunnelUser implements User {

        private final Dial dial;
        private final String host;
        private final Random random;

        TunnelUser(Dial dial, String host, Random random) {
            this.dial = dial;
            this.host = host;
            this.random = random;
        }

        @Override
        public void request(String id) throws Exception {
            try (TestClient client = new TestClient(dial.connect())) {
                client.get(host, "/", EchoBackend.ID + ": " + id, "Connection: upgrade", "Upgrade: echo");
                require(client.readHead().startLine(), "HTTP/1.1 101 Switching Protocols", "status");
                for (int i = 1 + random.nextInt(15); i > 0; i--) {
                    String said = id + "-" + i;
                    client.send(said);
                    require(
                            new String(HttpMessage.readExactly(client.in(), said.length()), StandardCharsets.UTF_8),
                            said,
                            "echo");
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(30));
                }
                client.socket().shutdownOutput();
                require(Boolean.toString(client.isClosedByPeer()), "true", "end");
            }
        }

        @Override
        public void hangUp() {}
    }

    private static void require(String is, String wanted, String what) throws IOException {
        if (!is.equals(wanted)) {
            throw new IOException("%s is %s, not %s".formatted(what, brief(is), brief(wanted)));
        }
    }

    private static String brief(String text) {
        return text.length() < 80 ? "'" + text + "'" : "'%s…' (%d)".formatted(text.substring(0, 60), text.length());
    }

    private static void close(java.io.@Nullable Closeable connection) {
        try {
            if (connection != null) {
                connection.close();
            }
        } catch (IOException ignored) {
            // it has ended anyway
        }
    }
}
