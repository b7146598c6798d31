package dev.flynn.identity;

import dev.flynn.api.error.FlynnException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.Supplier;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/** Trusts whoever one authority signed for; says so when it meets the authority of another cluster. */
final class ClusterTrustManager extends X509ExtendedTrustManager {

    private final Supplier<X509Certificate> authority;

    ClusterTrustManager(Supplier<X509Certificate> authority) {
        this.authority = authority;
    }

    private void check(X509Certificate[] chain) throws CertificateException {
        if (chain.length == 0) {
            throw new CertificateException("no certificate was shown");
        }
        X509Certificate trusted = authority.get();
        try {
            chain[0].verify(trusted.getPublicKey());
        } catch (GeneralSecurityException e) {
            throw new CertificateException(stranger(chain[0], trusted), e);
        }
    }

    private static String stranger(X509Certificate shown, X509Certificate trusted) {
        try {
            return HostName.of(shown)
                    .filter(name -> !name.clusterId().equals(ClusterAuthority.clusterId(trusted)))
                    .map(name ->
                            "host \"%s\" belongs to cluster %s and this one to cluster %s: two clusters never merge"
                                    .formatted(name.hostId(), name.clusterId(), ClusterAuthority.clusterId(trusted)))
                    .orElse("a certificate was shown that the cluster's authority did not sign");
        } catch (FlynnException e) {
            return "a certificate was shown that the cluster's authority did not sign";
        }
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
            throws CertificateException {
        check(chain);
    }

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
        check(chain);
    }

    @Override
    public X509Certificate[] getAcceptedIssuers() {
        return new X509Certificate[] {authority.get()};
    }
}
