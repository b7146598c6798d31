package dev.flynn.router.tls;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.CertifiedKey;
import dev.flynn.spi.router.RouteTable;
import io.netty.handler.ssl.ApplicationProtocolNames;
import io.netty.handler.ssl.SslContext;
import java.security.cert.X509Certificate;

/** Certificates as TLS needs them. */
public final class ServerCertificates {

    private ServerCertificates() {}

    /** @throws FlynnException {@code VALIDATION} if the texts are not a chain and the key of its leaf */
    public static SslContext load(RouteTable.Certificate certificate, TlsEngine engine) {
        try {
            CertifiedKey read = CertifiedKey.of(certificate.chain(), certificate.key());
            X509Certificate[] chain = read.chain().toArray(X509Certificate[]::new);
            return engine.context(
                    chain, read.key(), ApplicationProtocolNames.HTTP_2, ApplicationProtocolNames.HTTP_1_1);
        } catch (FlynnException e) {
            throw new FlynnException(e.code(), "Certificate invalid: " + e.getMessage(), e);
        }
    }
}
