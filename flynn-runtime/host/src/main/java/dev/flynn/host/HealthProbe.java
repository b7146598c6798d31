package dev.flynn.host;

import dev.flynn.api.release.HealthCheck;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Asks a job once whether it answers (contract: layer 0, Health checks): within two seconds in all, over a new connection,
 * with the {@code Host} header that the check wants, whoever issued the job's certificate.
 */
final class HealthProbe {

    private static final int MATCHED_BYTES = 5120;
    private static final int MAX_HEAD_BYTES = 64 * 1024;
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.[01] (\\d{3})");

    private HealthProbe() {}

    static boolean passes(HealthCheck check, String host, int port) {
        long deadline = System.nanoTime() + Probe.PATIENCE.toNanos();
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), millisUntil(deadline));
            return switch (check.type()) {
                case "http" -> answers(socket, check, host, port, deadline);
                case "https" -> answersOverTls(socket, check, host, port, deadline);
                default -> true;
            };
        } catch (IOException | GeneralSecurityException unhealthy) {
            return false;
        }
    }

    private static boolean answersOverTls(Socket plain, HealthCheck check, String host, int port, long deadline)
            throws IOException, GeneralSecurityException {
        var context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustAnyone()}, new SecureRandom());
        try (var tls = (SSLSocket) context.getSocketFactory().createSocket(plain, host, port, true)) {
            if (check.host().isPresent()) {
                SSLParameters parameters = tls.getSSLParameters();
                parameters.setServerNames(List.of(new SNIHostName(check.host().get())));
                tls.setSSLParameters(parameters);
            }
            plain.setSoTimeout(millisUntil(deadline));
            tls.startHandshake();
            return answers(tls, check, host, port, deadline);
        } catch (IllegalArgumentException noServerName) {
            throw new IOException("\"" + check.host() + "\" cannot be a server name", noServerName);
        }
    }

    private static boolean answers(Socket socket, HealthCheck check, String host, int port, long deadline)
            throws IOException {
        String path = check.path().startsWith("/") ? check.path() : "/" + check.path();
        String request = "GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: flynn-host\r\nConnection: close\r\n\r\n"
                .formatted(path, check.host().orElse(host + ":" + port));
        socket.getOutputStream().write(request.getBytes(StandardCharsets.UTF_8));
        var answer = new Answer(socket, deadline);
        return answer.status() == check.status()
                && (check.match().isEmpty()
                        || answer.firstBytes().contains(check.match().get()));
    }

    private static int millisUntil(long deadline) throws SocketTimeoutException {
        long millis = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
        if (millis <= 0) {
            throw new SocketTimeoutException("no answer within " + Probe.PATIENCE);
        }
        return (int) millis;
    }

    /** What comes back, read no further than needed. HTTP/1.0 was asked for, so that the body comes as it is. */
    private static final class Answer {

        private final Socket socket;
        private final InputStream stream;
        private final long deadline;
        private byte[] read = new byte[0];

        Answer(Socket socket, long deadline) throws IOException {
            this.socket = socket;
            this.stream = socket.getInputStream();
            this.deadline = deadline;
        }

        int status() throws IOException {
            while (bodyStart() < 0 && read.length < MAX_HEAD_BYTES && readMore()) {
                // the head is not complete yet
            }
            Matcher line = STATUS_LINE.matcher(text(0, read.length));
            return bodyStart() >= 0 && line.lookingAt() ? Integer.parseInt(line.group(1)) : -1;
        }

        /** The first bytes of the body, as many as are looked at. */
        String firstBytes() throws IOException {
            int start = bodyStart();
            while (read.length < start + MATCHED_BYTES && readMore()) {
                // a match may still come
            }
            return text(start, Math.min(read.length, start + MATCHED_BYTES));
        }

        private int bodyStart() {
            int end = new String(read, StandardCharsets.ISO_8859_1).indexOf("\r\n\r\n");
            return end < 0 ? -1 : end + 4;
        }

        private String text(int from, int to) {
            return new String(read, from, to - from, StandardCharsets.UTF_8);
        }

        private boolean readMore() throws IOException {
            socket.setSoTimeout(millisUntil(deadline));
            byte[] buffer = new byte[8192];
            int count = stream.read(buffer);
            if (count < 0) {
                return false;
            }
            int before = read.length;
            read = Arrays.copyOf(read, before + count);
            System.arraycopy(buffer, 0, read, before, count);
            return true;
        }
    }

    /** The job's own certificate proves nothing and need not: the check asks only whether it answers. */
    private static final class TrustAnyone implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
