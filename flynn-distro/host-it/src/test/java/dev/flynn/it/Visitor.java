package dev.flynn.it;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.LocalTime;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who asks an app again and again, and tries nothing a second time: the clients of the JDK would, and nobody would
 * see what was lost.
 */
final class Visitor {

    private static final int PAUSE_MILLIS = 5;

    private final String name;
    private final Dial dial;
    private final String request;
    private final boolean keepsConnection;
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger count = new AtomicInteger();
    private final Thread thread = new Thread(this::run, "visitor");
    private volatile boolean stopped;
    private @Nullable Socket socket;

    private interface Dial {
        Socket connect() throws Exception;
    }

    private Visitor(String name, Dial dial, String request, boolean keepsConnection) {
        this.name = name;
        this.dial = dial;
        this.request = request;
        this.keepsConnection = keepsConnection;
    }

    static Visitor plain(Cluster cluster, String app, String method, boolean keepsConnection) {
        return new Visitor(
                method + (keepsConnection ? " over one connection" : " over a connection each"),
                () -> new Socket("127.0.0.1", cluster.httpPort()),
                request(method, app, keepsConnection),
                keepsConnection);
    }

    static Visitor tls(Cluster cluster, String app, String method) {
        return new Visitor(
                method + " over TLS", () -> tls(cluster.httpsPort(), host(app)), request(method, app, true), true);
    }

    private static String request(String method, String app, boolean keepsConnection) {
        String body = method.equals("POST") ? "Content-Length: 5\r\n\r\nhello" : "\r\n";
        return "%s / HTTP/1.1\r\nHost: %s\r\n%s%s"
                .formatted(method, host(app), keepsConnection ? "" : "Connection: close\r\n", body);
    }

    private static String host(String app) {
        return app + "." + Cluster.DOMAIN;
    }

    void start() {
        thread.start();
    }

    void stop() {
        stopped = true;
        try {
            thread.join(15_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    int count() {
        return count.get();
    }

    Queue<String> failures() {
        return failures;
    }

    @Override
    public String toString() {
        return "%s: %d requests, %d failed".formatted(name, count.get(), failures.size());
    }

    private void run() {
        while (!stopped) {
            try {
                ask();
                count.incrementAndGet();
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                return;
            } catch (Exception e) {
                failures.add(name + " at " + LocalTime.now() + ": " + e);
                hangUp();
            }
        }
        hangUp();
    }

    private void ask() throws Exception {
        Socket connected = socket == null ? dial.connect() : socket;
        socket = connected;
        connected.setSoTimeout(10_000);
        connected.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        InputStream in = new BufferedInputStream(connected.getInputStream());
        String status = readLine(in);
        boolean goesOn = keepsConnection;
        int length = -1;
        boolean chunked = false;
        for (String line = readLine(in); !line.isEmpty(); line = readLine(in)) {
            String field = line.toLowerCase(Locale.ROOT);
            goesOn = goesOn && !field.equals("connection: close");
            chunked = chunked || field.equals("transfer-encoding: chunked");
            if (field.startsWith("content-length:")) {
                length = Integer.parseInt(field.substring(15).strip());
            }
        }
        String body = chunked ? readChunks(in) : new String(in.readNBytes(Math.max(0, length)), StandardCharsets.UTF_8);
        if (!status.startsWith("HTTP/1.1 200") || !body.startsWith("Hello from Flynn")) {
            throw new IOException(status + ": " + body);
        }
        if (!goesOn) {
            hangUp();
        }
    }

    private static String readChunks(InputStream in) throws IOException {
        StringBuilder body = new StringBuilder();
        for (int size = Integer.parseInt(readLine(in), 16); size > 0; size = Integer.parseInt(readLine(in), 16)) {
            body.append(new String(in.readNBytes(size), StandardCharsets.UTF_8));
            readLine(in);
        }
        readLine(in);
        return body.toString();
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("the connection ended after: " + line);
            }
            line.append((char) b);
        }
        return line.toString().stripTrailing();
    }

    private void hangUp() {
        try {
            if (socket != null) {
                socket.close();
            }
        } catch (IOException ended) {
            // that is what was wanted
        }
        socket = null;
    }

    private static Socket tls(int port, String host) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEveryone()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setServerNames(List.of(new SNIHostName(host)));
        socket.setSSLParameters(parameters);
        return socket;
    }

    private static final class TrustEveryone implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
