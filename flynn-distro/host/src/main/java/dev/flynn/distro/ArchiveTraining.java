package dev.flynn.distro;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Asks the controller of a new cluster as a browser does, by HTTP/2, so that the class-data archive that is written of its host
 * holds what the router loads for that. Only {@code bin/make-archives} calls it.
 */
public final class ArchiveTraining {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private ArchiveTraining() {}

    /** @param args a URL of the cluster, whose certificate is not checked; its host has to have an address */
    public static void main(String[] args) throws IOException, GeneralSecurityException, InterruptedException {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEveryone()}, null);
        HttpClient client = HttpClient.newBuilder()
                .sslContext(context)
                .version(HttpClient.Version.HTTP_2)
                .build();
        var response = client.send(
                HttpRequest.newBuilder(URI.create(args[0])).timeout(PATIENCE).build(), BodyHandlers.ofString());
        if (response.version() != HttpClient.Version.HTTP_2 || response.statusCode() != 200) {
            throw new IOException(args[0] + " answered " + response.version() + " " + response.statusCode());
        }
    }

    /** The training's cluster is this machine's own, and is gone after it. */
    private static final class TrustEveryone extends X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
