package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;

/** TLS 1.3 as the link uses it. */
final class Tls {

    static final String PROTOCOL = "TLSv1.3";

    /** AES with 128 bits first: it is the fastest here, and as good. */
    private static final List<String> CIPHERS = List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384");

    private Tls() {}

    /** Clients without a certificate get in here; what they may do is decided by {@link ServerGate}. */
    static SslContext server(HostCredentials credentials) {
        try {
            return SslContextBuilder.forServer(credentials.keyManager())
                    .trustManager(credentials.trustManager())
                    .clientAuth(ClientAuth.OPTIONAL)
                    .sslProvider(SslProvider.JDK)
                    .protocols(PROTOCOL)
                    .ciphers(CIPHERS)
                    .build();
        } catch (SSLException e) {
            throw FlynnException.internal("cannot set up TLS: " + e.getMessage(), e);
        }
    }

    /** Hosts are known by the name in their certificates, not by the name of their machine. */
    static SslContext client(HostCredentials credentials) {
        try {
            return SslContextBuilder.forClient()
                    .keyManager(credentials.keyManager())
                    .trustManager(credentials.trustManager())
                    .endpointIdentificationAlgorithm(null)
                    .sslProvider(SslProvider.JDK)
                    .protocols(PROTOCOL)
                    .ciphers(CIPHERS)
                    .build();
        } catch (SSLException e) {
            throw FlynnException.internal("cannot set up TLS: " + e.getMessage(), e);
        }
    }

    static Optional<X509Certificate> certificateOfPeer(SslHandler handler) {
        try {
            Certificate[] chain = handler.engine().getSession().getPeerCertificates();
            return chain.length > 0 && chain[0] instanceof X509Certificate leaf ? Optional.of(leaf) : Optional.empty();
        } catch (SSLPeerUnverifiedException none) {
            return Optional.empty();
        }
    }

    /** What a trust manager said, wherever it is among the causes. */
    static Optional<String> complaint(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof CertificateException) {
                return Optional.ofNullable(cause.getMessage());
            }
        }
        return Optional.empty();
    }
}
