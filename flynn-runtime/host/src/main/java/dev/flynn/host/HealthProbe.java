package dev.flynn.host;

import dev.flynn.api.release.HealthCheck;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Asks a job once whether it answers (contract: layer 0, Health checks). */
final class HealthProbe {

    private static final int TIMEOUT_MILLIS = (int) Duration.ofSeconds(2).toMillis();
    private static final int MATCHED_BYTES = 5120;

    private HealthProbe() {}

    static boolean passes(HealthCheck check, String host, int port) {
        try {
            return check.type().equals("tcp") ? connects(host, port) : answers(check, host, port);
        } catch (IOException | GeneralSecurityException unhealthy) {
            return false;
        }
    }

    private static boolean connects(String host, int port) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(host, port), TIMEOUT_MILLIS);
            return true;
        }
    }

    private static boolean answers(HealthCheck check, String host, int port)
            throws IOException, GeneralSecurityException {
        URI uri = URI.create("%s://%s:%d%s".formatted(check.type(), host, port, check.path()));
        var connection = (HttpURLConnection) uri.toURL().openConnection();
        try {
            if (connection instanceof HttpsURLConnection tls) {
                tls.setSSLSocketFactory(trustingAnyone().getSocketFactory());
                tls.setHostnameVerifier((name, session) -> true);
            }
            connection.setConnectTimeout(TIMEOUT_MILLIS);
            connection.setReadTimeout(TIMEOUT_MILLIS);
            connection.setInstanceFollowRedirects(false);
            connection.setUseCaches(false);
            connection.setRequestProperty("Connection", "close");
            check.host().ifPresent(name -> connection.setRequestProperty("Host", name));
            if (connection.getResponseCode() != check.status()) {
                return false;
            }
            if (check.match().isEmpty()) {
                return true;
            }
            byte[] body = connection.getInputStream().readNBytes(MATCHED_BYTES);
            return new String(body, StandardCharsets.UTF_8)
                    .contains(check.match().get());
        } finally {
            connection.disconnect();
        }
    }

    /** The job's own certificate proves nothing and need not: the check asks only whether it answers. */
    private static SSLContext trustingAnyone() throws GeneralSecurityException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustAnyone()}, new SecureRandom());
        return context;
    }

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
