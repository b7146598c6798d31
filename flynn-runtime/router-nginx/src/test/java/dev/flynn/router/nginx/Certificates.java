package dev.flynn.router.nginx;

import dev.flynn.base.ClusterCertificate;
import dev.flynn.spi.router.RouteTable.Certificate;
import java.time.Instant;
import java.util.List;

/** Certificates of test authorities that nobody knows. */
final class Certificates {

    private Certificates() {}

    static Certificate of(String domain) {
        ClusterCertificate made = ClusterCertificate.generate(List.of(domain), Instant.now());
        return new Certificate(made.cert(), made.key());
    }
}
