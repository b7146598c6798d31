package dev.flynn.cli;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** What clients will not like of a certificate that a domain is given; a cluster takes it all the same. */
final class CertificateProblems {

    private static final int DNS_NAME = 2;
    private static final int SHOWN_NAMES = 5;

    private CertificateProblems() {}

    /**
     * Looks at the server's own certificate, which is the first.
     *
     * @return sentences without a full stop; none if there is nothing to say or what is there is no certificate, which the
     *     cluster refuses in its own words
     */
    static List<String> of(String pem, String domain, Instant now) {
        X509Certificate certificate;
        List<String> names;
        try {
            certificate = (X509Certificate) CertificateFactory.getInstance("X.509")
                    .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
            names = names(certificate);
        } catch (CertificateException none) {
            return List.of();
        }
        List<String> problems = new ArrayList<>();
        Instant begins = certificate.getNotBefore().toInstant();
        Instant ends = certificate.getNotAfter().toInstant();
        if (now.isAfter(ends)) {
            problems.add("the certificate expired at " + ends);
        }
        if (now.isBefore(begins)) {
            problems.add("the certificate is not valid before " + begins);
        }
        if (names.stream().noneMatch(name -> covers(name, domain.toLowerCase(Locale.ROOT)))) {
            problems.add("the certificate is not for " + domain + "; " + told(names));
        }
        return problems;
    }

    /** The names of RFC 6125; a common name beside them counts nowhere any more. */
    private static List<String> names(X509Certificate certificate) throws CertificateParsingException {
        Collection<List<?>> names = certificate.getSubjectAlternativeNames();
        return names == null
                ? List.of()
                : names.stream()
                        .filter(name -> name.get(0).equals(DNS_NAME))
                        .map(name -> String.valueOf(name.get(1)).toLowerCase(Locale.ROOT))
                        .toList();
    }

    /** RFC 6125, section 6.4.3: a star stands for one whole label, the leftmost. A domain that has one needs the same. */
    private static boolean covers(String name, String domain) {
        int dot = domain.indexOf('.');
        return name.equals(domain)
                || (name.startsWith("*.") && dot > 0 && name.substring(1).equals(domain.substring(dot)));
    }

    private static String told(List<String> names) {
        if (names.isEmpty()) {
            return "it names no domain at all (a subject alternative name, not a common name)";
        }
        String some = String.join(", ", names.subList(0, Math.min(names.size(), SHOWN_NAMES)));
        return "it is for " + some
                + (names.size() > SHOWN_NAMES ? " and " + (names.size() - SHOWN_NAMES) + " more" : "");
    }
}
