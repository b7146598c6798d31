package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

/** How a client of hosts shows who it is, and knows that it speaks with a host of its cluster. */
public abstract sealed class HostClientAccess {

    private HostClientAccess() {}

    /** As a host of the cluster. */
    public static HostClientAccess ofHost(HostCredentials credentials) {
        return new OfHost(credentials);
    }

    /**
     * With a key of the cluster; it is sent to nobody but hosts of the cluster.
     *
     * @param pin SHA-256 of the certificate of the cluster's authority, in hexadecimal digits
     * @throws FlynnException {@code VALIDATION} if the pin is none
     */
    public static HostClientAccess ofKey(String key, String pin) {
        String digits = pin.replace(":", "").strip().toLowerCase(Locale.ROOT);
        if (!digits.matches("[0-9a-f]{64}")) {
            throw FlynnException.invalid(
                    "\"%s\" is no fingerprint of a cluster's authority: 64 hexadecimal digits, as 'openssl x509 -noout -fingerprint -sha256 -in identity/authority.pem' has them"
                            .formatted(pin));
        }
        return new OfKey(key, HexFormat.of().parseHex(digits));
    }

    /** To a host whose API is open: plain HTTP, and no proof of anything. */
    public static HostClientAccess open() {
        return new Open();
    }

    /** Empty for plain HTTP. */
    abstract Optional<SSLContext> tls();

    /** Empty if the certificate says it all. */
    abstract Optional<String> authorization();

    /** Looks at whom a handshake led to. */
    abstract void requireHost(X509Certificate certificate);

    private static SSLContext context(KeyManager[] keys, TrustManager trust) {
        try {
            SSLContext context = SSLContext.getInstance("TLSv1.3");
            context.init(keys, new TrustManager[] {trust}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has TLS 1.3", e);
        }
    }

    private static final class OfHost extends HostClientAccess {

        private final HostCredentials credentials;

        OfHost(HostCredentials credentials) {
            this.credentials = credentials;
        }

        @Override
        Optional<SSLContext> tls() {
            return Optional.of(context(new KeyManager[] {credentials.keyManager()}, credentials.trustManager()));
        }

        @Override
        Optional<String> authorization() {
            return Optional.empty();
        }

        @Override
        void requireHost(X509Certificate certificate) {
            credentials.admit(certificate);
        }
    }

    private static final class OfKey extends HostClientAccess {

        private final String key;
        private final byte[] pin;

        OfKey(String key, byte[] pin) {
            this.key = key;
            this.pin = pin;
        }

        @Override
        Optional<SSLContext> tls() {
            return Optional.of(context(new KeyManager[0], new PinnedAuthority(pin)));
        }

        @Override
        Optional<String> authorization() {
            return Optional.of("Basic " + Base64.getEncoder().encodeToString((":" + key).getBytes(UTF_8)));
        }

        @Override
        void requireHost(X509Certificate certificate) {}
    }

    private static final class Open extends HostClientAccess {

        @Override
        Optional<SSLContext> tls() {
            return Optional.empty();
        }

        @Override
        Optional<String> authorization() {
            return Optional.empty();
        }

        @Override
        void requireHost(X509Certificate certificate) {}
    }

    /** Trusts servers that the authority of one fingerprint signed for. */
    private static final class PinnedAuthority extends X509ExtendedTrustManager {

        private final byte[] pin;

        PinnedAuthority(byte[] pin) {
            this.pin = pin;
        }

        private void check(X509Certificate[] chain) throws CertificateException {
            if (chain.length != 2 || !MessageDigest.isEqual(fingerprint(chain[1]), pin)) {
                throw new CertificateException(
                        "whoever answers is not of the cluster of the pin%s: check the address, and that nobody stands in between"
                                .formatted(
                                        chain.length == 2
                                                ? " (its authority has the fingerprint "
                                                        + HexFormat.of().formatHex(fingerprint(chain[1])) + ")"
                                                : ""));
            }
            try {
                chain[0].verify(chain[1].getPublicKey());
                chain[0].checkValidity();
            } catch (GeneralSecurityException e) {
                throw new CertificateException("the host's certificate is not good: " + e.getMessage(), e);
            }
        }

        private static byte[] fingerprint(X509Certificate certificate) throws CertificateEncodingException {
            try {
                return MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded());
            } catch (java.security.NoSuchAlgorithmException e) {
                throw new IllegalStateException("every JDK has SHA-256", e);
            }
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
        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            check(chain);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket)
                throws CertificateException {
            throw new CertificateException("a client serves nobody");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine)
                throws CertificateException {
            throw new CertificateException("a client serves nobody");
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException("a client serves nobody");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
