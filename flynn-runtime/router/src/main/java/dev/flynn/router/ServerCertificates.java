package dev.flynn.router;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.router.RouteTable;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLException;

/** Certificates as TLS needs them. */
final class ServerCertificates {

    private ServerCertificates() {}

    /** @throws FlynnException {@code VALIDATION} if the texts are not a chain and its key */
    static SslContext load(RouteTable.Certificate certificate) {
        try {
            return SslContextBuilder.forServer(stream(certificate.chain()), stream(certificate.key()))
                    .sslProvider(SslProvider.JDK)
                    .protocols("TLSv1.3", "TLSv1.2")
                    .build();
        } catch (SSLException | IllegalArgumentException e) {
            throw FlynnException.invalid(
                    "the certificate and its key must be PEM texts that belong together: " + e.getMessage());
        }
    }

    private static InputStream stream(String pem) {
        return new ByteArrayInputStream(pem.strip().getBytes(StandardCharsets.US_ASCII));
    }
}
