package dev.flynn.identity;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts a server that the authority of a fingerprint signed for; for a host that knows nothing else of its cluster yet. */
final class PinnedTrustManager extends X509ExtendedTrustManager {

    private final byte[] fingerprint;

    PinnedTrustManager(byte[] fingerprint) {
        this.fingerprint = fingerprint;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        if (chain.length != 2 || !MessageDigest.isEqual(Fingerprint.of(chain[1]), fingerprint)) {
            throw new CertificateException(
                    "the host that answers is not of the cluster that the join token is for%s: check the address, and that nobody stands in between"
                            .formatted(
                                    chain.length == 2
                                            ? " (its authority has the fingerprint "
                                                    + HexFormat.of().formatHex(Fingerprint.of(chain[1])) + ")"
                                            : ""));
        }
        try {
            chain[0].verify(chain[1].getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException(
                    "the host that answers has a certificate that its authority did not sign", e);
        }
        if (HostName.of(chain[0]).isEmpty()) {
            throw new CertificateException("whoever answers is not a host of the cluster");
        }
    }

    private static CertificateException serversOnly() {
        return new CertificateException("a joining host serves nobody");
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        throw serversOnly();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        throw serversOnly();
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        throw serversOnly();
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[0];
    }
}
