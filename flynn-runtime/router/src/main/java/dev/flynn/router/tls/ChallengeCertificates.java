package dev.flynn.router.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.flynn.spi.router.AcmeChallenge;
import io.netty.handler.ssl.SslContext;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * The certificate by which a router shows that it serves a domain (RFC 8737, section 3). Its key is made for it and kept
 * nowhere; the JDK's engine is good enough for it. Apart, so that its library is loaded only when an authority asks.
 */
public final class ChallengeCertificates {

    /** What a handshake offers that asks for it. */
    public static final String PROTOCOL = "acme-tls/1";

    private static final ASN1ObjectIdentifier ACME_IDENTIFIER = new ASN1ObjectIdentifier("1.3.6.1.5.5.7.1.31");
    private static final int SERIAL_BITS = 64;

    private ChallengeCertificates() {}

    public static SslContext context(AcmeChallenge challenge) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            KeyPair keys = generator.generateKeyPair();
            X509Certificate[] chain = {certificate(challenge, keys)};
            return new JdkTls().context(chain, keys.getPrivate(), PROTOCOL);
        } catch (GeneralSecurityException | OperatorCreationException | CertIOException e) {
            throw new IllegalStateException("cannot make the certificate for " + challenge, e);
        }
    }

    private static X509Certificate certificate(AcmeChallenge challenge, KeyPair keys)
            throws GeneralSecurityException, OperatorCreationException, CertIOException {
        X500Name name = new X500Name("CN=ACME challenge");
        Instant now = Instant.now();
        byte[] digest = MessageDigest.getInstance("SHA-256")
                .digest(challenge.keyAuthorization().getBytes(US_ASCII));
        var builder = new JcaX509v3CertificateBuilder(
                        name,
                        new BigInteger(SERIAL_BITS, new SecureRandom()),
                        Date.from(now.minus(1, ChronoUnit.DAYS)),
                        Date.from(now.plus(30, ChronoUnit.DAYS)),
                        name,
                        keys.getPublic())
                .addExtension(
                        Extension.subjectAlternativeName,
                        false,
                        new GeneralNames(new GeneralName(GeneralName.dNSName, challenge.domain())))
                .addExtension(ACME_IDENTIFIER, true, new DEROctetString(digest));
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
    }
}
