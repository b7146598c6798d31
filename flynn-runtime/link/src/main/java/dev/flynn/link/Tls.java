package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import io.netty.handler.ssl.SslHandler;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.TrustManager;

/** TLS 1.3 as the link uses it. */
final class Tls {

    static final String PROTOCOL = "TLSv1.3";

    /** AES with 128 bits first: it is the fastest here, and as good. */
    private static final List<String> CIPHERS = List.of("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384");

    private Tls() {}

    /** Clients without a certificate get in here; what they may do is decided by {@link ServerGate}. */
    static Supplier<SslHandler> server(HostCredentials credentials) {
        SSLContext context = context(credentials);
        return () -> handler(context, engine -> {
            engine.setUseClientMode(false);
            engine.setWantClientAuth(true);
        });
    }

    /** Hosts are known by the name in their certificates, not by the name of their machine. */
    static Supplier<SslHandler> client(HostCredentials credentials) {
        SSLContext context = context(credentials);
        return () -> handler(context, engine -> engine.setUseClientMode(true));
    }

    /** The JDK's own way: Netty's would first load the certificates of all the world's authorities. */
    private static SSLContext context(HostCredentials credentials) {
        try {
            SSLContext context = SSLContext.getInstance(PROTOCOL);
            context.init(
                    new KeyManager[] {credentials.keyManager()},
                    new TrustManager[] {credentials.trustManager()},
                    new SecureRandom());
            return context;
        } catch (GeneralSecurityException e) {
            throw FlynnException.internal("cannot set up TLS: " + e.getMessage(), e);
        }
    }

    private static SslHandler handler(SSLContext context, Consumer<SSLEngine> role) {
        SSLEngine engine = context.createSSLEngine();
        engine.setEnabledProtocols(new String[] {PROTOCOL});
        engine.setEnabledCipherSuites(CIPHERS.toArray(String[]::new));
        role.accept(engine);
        return new SslHandler(engine);
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
