package dev.flynn.router.tls;

import io.netty.handler.ssl.IdentityCipherSuiteFilter;
import io.netty.handler.ssl.OpenSsl;
import io.netty.handler.ssl.OpenSslCachingX509KeyManagerFactory;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.OpenSslSessionContext;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.SimpleKeyManagerFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import javax.net.ssl.KeyManager;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLException;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * TLS by BoringSSL, in memory outside of the JVM, which is given back when the last reference to a context goes. Session
 * tickets are good for every router with the same secret.
 */
public final class OpenSslTls implements TlsEngine {

    private static final List<String> PROTOCOLS = List.of("TLSv1.3", "TLSv1.2");
    private static final List<String> LEGACY_PROTOCOLS = List.of("TLSv1.3", "TLSv1.2", "TLSv1.1", "TLSv1");

    /** Kinds of keys that this engine signs with here; the JDK serves the others. */
    private static final Set<String> KEYS = Set.of("RSA", "EC");

    private final JdkTls others = new JdkTls();
    private final boolean legacy;
    private final TicketKeys ticketKeys;

    OpenSslTls(boolean legacy, TicketKeys ticketKeys) {
        this.legacy = legacy;
        this.ticketKeys = ticketKeys;
    }

    /** Empty if this engine can be used. */
    public static String whyMissing() {
        if (OpenSsl.isAvailable()) {
            return "";
        }
        Throwable cause = OpenSsl.unavailabilityCause();
        return cause == null ? "no reason is known" : cause.toString();
    }

    static String version() {
        return String.valueOf(OpenSsl.versionString());
    }

    @Override
    public SslContext context(X509Certificate[] chain, PrivateKey key, String... protocols) {
        if (!KEYS.contains(key.getAlgorithm())) {
            return others.context(chain, key, protocols);
        }
        try {
            SslContext context = SslContextBuilder.forServer(
                            new OpenSslCachingX509KeyManagerFactory(new OneKeyFactory(new OneKey(chain, key))))
                    .sslProvider(SslProvider.OPENSSL_REFCNT)
                    .protocols(legacy ? LEGACY_PROTOCOLS : PROTOCOLS)
                    .ciphers(null, IdentityCipherSuiteFilter.INSTANCE)
                    .applicationProtocolConfig(JdkTls.alpn(protocols))
                    .trustManager(new TrustNobody())
                    .sessionTimeout(TicketKeys.GOOD_FOR.toSeconds())
                    .option(OpenSslContextOption.USE_TASKS, false)
                    .build();
            sessions(context).setSessionCacheEnabled(false);
            refresh(context);
            return context;
        } catch (SSLException e) {
            throw new IllegalStateException("a certificate and key that the JDK reads are not taken by OpenSSL", e);
        }
    }

    @Override
    public void refresh(SslContext context) {
        if (context instanceof ReferenceCountedOpenSslContext) {
            sessions(context).setTicketKeys(ticketKeys.at(Instant.now()));
        }
    }

    private static OpenSslSessionContext sessions(SslContext context) {
        return ((ReferenceCountedOpenSslContext) context).sessionContext();
    }

    /** Clients show no certificates; without this one the JDK's store of authorities is read for each context. */
    private static final class TrustNobody implements X509TrustManager {

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("clients have no certificates here");
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
            throw new CertificateException("this is the server");
        }

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    /** Gives the one key that there is. */
    private static final class OneKeyFactory extends SimpleKeyManagerFactory {

        private final OneKey key;

        OneKeyFactory(OneKey key) {
            this.key = key;
        }

        @Override
        protected void engineInit(@Nullable KeyStore keyStore, char @Nullable [] password) {}

        @Override
        protected void engineInit(@Nullable ManagerFactoryParameters parameters) {}

        @Override
        protected KeyManager[] engineGetKeyManagers() {
            return new KeyManager[] {key};
        }
    }
}
