package dev.flynn.router.tls;

import dev.flynn.api.error.FlynnException;
import io.netty.handler.ssl.SslContext;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What does the cryptography of TLS. Thread-safe. */
public interface TlsEngine {

    /** Those that there are. */
    enum Kind {
        /** OpenSSL where its library is there, else the JDK. */
        AUTO,
        /** The JDK's own: works everywhere. */
        JDK,
        /** BoringSSL, by Netty's native library: several times faster at handshakes. */
        OPENSSL;

        /** @throws FlynnException {@code VALIDATION} naming those that there are */
        public static Kind parse(String name) {
            return switch (name) {
                case "auto" -> AUTO;
                case "jdk" -> JDK;
                case "openssl" -> OPENSSL;
                default ->
                    throw FlynnException.invalid("the TLS engine must be auto, jdk or openssl, was '" + name + "'");
            };
        }
    }

    /**
     * The TLS of a server with one certificate. Whoever has it releases it when nobody begins a handshake with it any more
     * ({@code ReferenceCountUtil}).
     *
     * @param protocols that a client may choose from by ALPN; one that offers none of them goes on without
     */
    SslContext context(X509Certificate[] chain, PrivateKey key, String... protocols);

    /** Brings the keys of session tickets up to date. */
    void refresh(SslContext context);

    /**
     * The engine to use; says in the log which one it is.
     *
     * @param legacy whether TLS 1.0 and 1.1 are allowed
     * @param ticketSecret from which the keys of session tickets are derived
     * @throws FlynnException {@code UNSUPPORTED} if the one that is asked for is not there or cannot do it
     */
    static TlsEngine choose(Kind kind, boolean legacy, byte[] ticketSecret) {
        Logger log = LoggerFactory.getLogger(TlsEngine.class);
        if (kind != Kind.JDK) {
            String missing = OpenSslTls.whyMissing();
            if (missing.isEmpty()) {
                log.atInfo().addKeyValue("version", OpenSslTls.version()).log("TLS by OpenSSL");
                return new OpenSslTls(legacy, new TicketKeys(ticketSecret));
            }
            if (kind == Kind.OPENSSL) {
                throw FlynnException.unsupported(
                        "TLS by OpenSSL on this machine (%s; add netty-tcnative-boringssl-static, or let the JDK do it)"
                                .formatted(missing));
            }
            log.atInfo().addKeyValue("reason", missing).log("TLS by the JDK, because OpenSSL is not there");
        } else {
            log.atInfo().addKeyValue("reason", "it was asked for").log("TLS by the JDK");
        }
        if (legacy) {
            throw FlynnException.unsupported(
                    "TLS 1.0 and 1.1 by the JDK, which has them no more: they need the engine openssl");
        }
        return new JdkTls();
    }
}
