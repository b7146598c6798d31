package dev.flynn.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.junit.jupiter.api.Test;

class ClusterCertificateTest {

    private static final Instant NOW = Instant.parse("2030-02-01T00:00:00Z");

    private final ClusterCertificate generated =
            ClusterCertificate.generate(List.of("flynn.test", "*.flynn.test", "10.0.0.1"), NOW);

    @Test
    void theCertificateIsSignedByTheAuthorityForAllHosts() throws Exception {
        X509Certificate authority = parse(generated.caCert());
        X509Certificate certificate = parse(generated.cert());

        certificate.verify(authority.getPublicKey());
        authority.verify(authority.getPublicKey());
        assertThat(certificate.getSubjectX500Principal().getName())
                .contains("CN=flynn.test")
                .contains("O=Flynn");
        assertThat(authority.getSubjectX500Principal().getName())
                .contains("O=Flynn")
                .contains("OU=Flynn Ephemeral CA");
        assertThat(certificate.getIssuerX500Principal()).isEqualTo(authority.getSubjectX500Principal());
        assertThat(certificate.getSubjectAlternativeNames())
                .containsExactlyInAnyOrder(
                        List.of(2, "flynn.test"), List.of(2, "*.flynn.test"), List.of(7, "10.0.0.1"));
        assertThat(certificate.getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
        assertThat(authority.getBasicConstraints()).isNotNegative();
        assertThat(certificate.getBasicConstraints()).isNegative();
    }

    @Test
    void anotherLibraryReadsTheSame() throws Exception {
        var certificate = new X509CertificateHolder(parse(generated.cert()).getEncoded());
        var authority = new X509CertificateHolder(parse(generated.caCert()).getEncoded());

        assertThat(certificate.isSignatureValid(new JcaContentVerifierProviderBuilder().build(authority)))
                .isTrue();
        assertThat(KeyUsage.fromExtensions(authority.getExtensions()).hasUsages(KeyUsage.keyCertSign))
                .isTrue();
        assertThat(KeyUsage.fromExtensions(certificate.getExtensions()).hasUsages(KeyUsage.digitalSignature))
                .isTrue();
        assertThat(AuthorityKeyIdentifier.fromExtensions(certificate.getExtensions())
                        .getKeyIdentifierOctets())
                .isEqualTo(SubjectKeyIdentifier.fromExtensions(authority.getExtensions())
                        .getKeyIdentifier());
        assertThat(certificate.getEncoded())
                .isEqualTo(certificate.toASN1Structure().getEncoded("DER"));
    }

    @Test
    void bothAreValidForFiveYears() throws Exception {
        for (String pem : List.of(generated.caCert(), generated.cert())) {
            assertThat(parse(pem).getNotBefore()).isEqualTo(Date.from(NOW));
            assertThat(parse(pem).getNotAfter()).isEqualTo(Date.from(Instant.parse("2035-02-01T00:00:00Z")));
        }
        assertThat(parse(generated.cert()).getSerialNumber())
                .isNotEqualTo(parse(generated.caCert()).getSerialNumber());
    }

    @Test
    void theKeyIsPkcs8AndFits() throws Exception {
        assertThat(generated.key()).startsWith("-----BEGIN PRIVATE KEY-----\n");
        byte[] der = Base64.getMimeDecoder().decode(generated.key().replaceAll("-----.*-----", ""));
        Signature signature = Signature.getInstance("SHA256withECDSA");
        signature.initSign(KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(der)));
        signature.update(der);
        byte[] signed = signature.sign();

        signature.initVerify(parse(generated.cert()));
        signature.update(der);
        assertThat(signature.verify(signed)).isTrue();
    }

    @Test
    void thePinIsTheChecksumOfTheServersCertificate() throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256")
                .digest(parse(generated.cert()).getEncoded());

        assertThat(generated.pin()).isEqualTo(Base64.getEncoder().encodeToString(digest));
        assertThat(ClusterCertificate.given(generated.caCert(), generated.cert(), generated.key())
                        .pin())
                .isEqualTo(generated.pin());
    }

    @Test
    void itNeverShowsItsKey() {
        assertThat(generated.toString()).contains(generated.pin()).doesNotContain("PRIVATE");
    }

    @Test
    void whatIsNoCertificateIsRefused() {
        assertThatThrownBy(() -> ClusterCertificate.given(generated.caCert(), "nonsense", generated.key()))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("the certificate is not a PEM certificate");
    }

    private static X509Certificate parse(String pem) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    }
}
