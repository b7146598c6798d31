package dev.flynn.tck.wire;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.apiguardian.api.API;

/** Whose certificates are taken for the cluster's. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Trust {

    private final SSLSocketFactory sockets;
    private final boolean checksName;

    private Trust(SSLSocketFactory sockets, boolean checksName) {
        this.sockets = sockets;
        this.checksName = checksName;
    }

    /** The authorities that this Java knows. */
    public static Trust system() {
        return new Trust((SSLSocketFactory) SSLSocketFactory.getDefault(), true);
    }

    /** Everybody. */
    public static Trust anybody() {
        return new Trust(factory(new Leaf("")), false);
    }

    /**
     * Who has the certificate with that SHA-256 fingerprint.
     *
     * @param fingerprint in base64, as {@code flynn cluster add -p} takes it, or in hex, with or without colons
     */
    public static Trust pin(String fingerprint) {
        return new Trust(factory(new Leaf(fingerprint)), false);
    }

    /** Who has a certificate of an authority in that PEM file. */
    public static Trust authorities(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null);
            int count = 0;
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
                store.setCertificateEntry("authority" + count++, certificate);
            }
            TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            managers.init(store);
            return new Trust(factory(managers.getTrustManagers()), true);
        } catch (GeneralSecurityException e) {
            throw new IOException(file + " has no certificate: " + e.getMessage(), e);
        }
    }

    SSLSocketFactory sockets() {
        return sockets;
    }

    boolean checksName() {
        return checksName;
    }

    private static SSLSocketFactory factory(TrustManager... managers) {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers, null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Knows the certificate by its fingerprint, or takes any when there is none to know it by. */
    private static final class Leaf extends X509ExtendedTrustManager {

        private final String fingerprint;

        private Leaf(String fingerprint) {
            this.fingerprint = fingerprint;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (fingerprint.isEmpty()) {
                return;
            }
            byte[] digest;
            try {
                digest = MessageDigest.getInstance("SHA-256").digest(chain[0].getEncoded());
            } catch (GeneralSecurityException e) {
                throw new CertificateException(e);
            }
            String base64 = Base64.getEncoder().encodeToString(digest);
            String hex = HexFormat.of().formatHex(digest);
            if (!fingerprint.equals(base64)
                    && !fingerprint.replace(":", "").toLowerCase(Locale.ROOT).equals(hex)) {
                throw new CertificateException("the certificate's pin is " + base64 + ", not " + fingerprint);
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("no clients here");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            checkClientTrusted(chain, type);
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
