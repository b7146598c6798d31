package dev.flynn.acme;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.connector.NetworkSettings;
import org.shredzone.acme4j.provider.GenericAcmeProvider;

/** The way to a certificate authority. */
final class Authority {

    private Authority() {}

    /** @throws FlynnException {@code VALIDATION} if the settings' {@code caCert} is none */
    static Session connect(AcmeSettings settings) {
        URI directory = URI.create(settings.directory());
        return settings.caCert()
                .map(pem -> new Session(directory, new Trusting(context(pem))))
                .orElseGet(() -> new Session(directory, new GenericAcmeProvider()));
    }

    /** Trusts those who have a certificate that one of these signed, and nobody else. */
    private static SSLContext context(String pem) {
        try {
            KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
            trusted.load(null, null);
            for (Certificate certificate : CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(UTF_8)))) {
                trusted.setCertificateEntry("ca-" + trusted.size(), certificate);
            }
            TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trust.init(trusted);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, trust.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw FlynnException.invalidField("ca_cert", "must be certificates in PEM: " + e.getMessage());
        }
    }

    private static final class Trusting extends GenericAcmeProvider {

        private final SSLContext context;

        Trusting(SSLContext context) {
            this.context = context;
        }

        @Override
        public HttpClient createHttpClient(NetworkSettings network) {
            return HttpClient.newBuilder()
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .connectTimeout(network.getTimeout())
                    .sslContext(context)
                    .build();
        }
    }
}
