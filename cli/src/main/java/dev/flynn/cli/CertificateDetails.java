package dev.flynn.cli;

import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.certificate.DomainCertificate.State;
import java.util.LinkedHashMap;
import java.util.Map;

/** How it stands with a certificate that the cluster gets, line by line. */
final class CertificateDetails {

    private CertificateDetails() {}

    static Map<String, String> of(DomainCertificate certificate) {
        Map<String, String> lines = new LinkedHashMap<>();
        lines.put("State", state(certificate));
        certificate.renewAt().ifPresent(time -> lines.put("Renewal", time.toString()));
        certificate.error().ifPresent(error -> lines.put("Last error", error));
        certificate
                .failedAt()
                .ifPresent(time -> lines.put("Failed", time + ", " + certificate.failures() + " in a row"));
        certificate.nextAttemptAt().ifPresent(time -> lines.put("Next attempt", time.toString()));
        return lines;
    }

    /** {@code issued, until 2027-01-01T00:00:00Z}. */
    private static String state(DomainCertificate certificate) {
        String until = certificate.state() == State.FAILING ? ", the one before serves until " : ", until ";
        return certificate.state().wireName()
                + certificate.expiresAt().map(time -> until + time).orElse("");
    }
}
