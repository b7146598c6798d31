package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CertificateProblemsTest {

    /** For shop.example.com and *.eu.example.com, from 2026-11-22T18:54:07Z to 2026-12-22T18:54:07Z; its key is nowhere. */
    private static final String SHOP = """
            -----BEGIN CERTIFICATE-----
            MIIBpTCCAUqgAwIBAgIUTObJhWx8+BToK2til/O5qGfr/JowCgYIKoZIzj0EAwIw
            DzENMAsGA1UEAwwEc2hvcDAeFw0yNjExMjIxODU0MDdaFw0yNjEyMjIxODU0MDda
            MA8xDTALBgNVBAMMBHNob3AwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASWxV4m
            5sv9Ju+4NVrMFAxofmtXzeXORHorcW2Ba3IH7+4uQr5mjPYJmWcqI9G/FypDqgkB
            zsbefAWQcAi6JRqNo4GDMIGAMB0GA1UdDgQWBBQIpiislbzHL3W0RZ56+Pisq/8r
            XDAfBgNVHSMEGDAWgBQIpiislbzHL3W0RZ56+Pisq/8rXDAPBgNVHRMBAf8EBTAD
            AQH/MC0GA1UdEQQmMCSCEHNob3AuZXhhbXBsZS5jb22CECouZXUuZXhhbXBsZS5j
            b20wCgYIKoZIzj0EAwIDSQAwRgIhAKFtv5oJ9980aL8hbwiAwBYkmyt/23oGDS7z
            Ye2/xFRDAiEApY4FBCO7jF/zZwj4AsHDP/rDx6c6kpLXjKNtGZB6MMg=
            -----END CERTIFICATE-----
            """;

    /** With a common name and no other. */
    static final String COMMON_NAME = """
            -----BEGIN CERTIFICATE-----
            MIIBjDCCATGgAwIBAgIUINacEQiyRaN8WA6uD92qCM6vvCcwCgYIKoZIzj0EAwIw
            GzEZMBcGA1UEAwwQc2hvcC5leGFtcGxlLmNvbTAeFw0yNjExMjIxODU0MDdaFw0y
            NjEyMjIxODU0MDdaMBsxGTAXBgNVBAMMEHNob3AuZXhhbXBsZS5jb20wWTATBgcq
            hkjOPQIBBggqhkjOPQMBBwNCAASaUjdNuPZd4lthe2a6n4hZFaIdBlw8i+4hAgCq
            w4zMuByowURY9DC+24sIidahXkq78y6rBy2GzB8a/84qdZRYo1MwUTAdBgNVHQ4E
            FgQUeijvvUvoIN1xLW9QnwEsHeXbZekwHwYDVR0jBBgwFoAUeijvvUvoIN1xLW9Q
            nwEsHeXbZekwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAtDNP
            qAuckjVBrayRHBPO8B0dVzgfbyIbM0nF+yXys00CIQC29orwB8KHXisP5scaHe71
            EY0YW0luTNtAlIJkzqw6bw==
            -----END CERTIFICATE-----
            """;

    private static final Instant VALID = Instant.parse("2026-12-01T00:00:00Z");

    @ParameterizedTest
    @ValueSource(strings = {"shop.example.com", "Shop.Example.com", "a.eu.example.com", "*.eu.example.com"})
    void thereIsNothingToSayOfOneThatIsForTheDomain(String domain) {
        assertThat(CertificateProblems.of(SHOP, domain, VALID)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"example.com", "eu.example.com", "a.b.eu.example.com", "*.example.com", "a.shop.example.com"})
    void anotherDomainIsToldWhatItIsFor(String domain) {
        assertThat(CertificateProblems.of(SHOP, domain, VALID))
                .containsExactly(
                        "the certificate is not for " + domain + "; it is for shop.example.com, *.eu.example.com");
    }

    @Test
    void timesAreTold() {
        assertThat(CertificateProblems.of(SHOP, "shop.example.com", Instant.parse("2027-01-01T00:00:00Z")))
                .containsExactly("the certificate expired at 2026-12-22T18:54:07Z");
        assertThat(CertificateProblems.of(SHOP, "shop.example.com", Instant.parse("2026-01-01T00:00:00Z")))
                .containsExactly("the certificate is not valid before 2026-11-22T18:54:07Z");
    }

    @Test
    void aCommonNameIsNoName() {
        assertThat(CertificateProblems.of(COMMON_NAME, "shop.example.com", VALID))
                .isEqualTo(List.of("the certificate is not for shop.example.com; it names no domain at all"
                        + " (a subject alternative name, not a common name)"));
    }

    @Test
    void onlyTheServersOwnCounts() {
        assertThat(CertificateProblems.of(SHOP + COMMON_NAME, "shop.example.com", VALID))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "cert", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"})
    void whatIsNoCertificateIsLeftToTheCluster(String pem) {
        assertThat(CertificateProblems.of(pem, "shop.example.com", VALID)).isEmpty();
    }
}
