package dev.flynn.base;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigInteger;
import java.time.Instant;
import java.util.Random;
import org.bouncycastle.asn1.ASN1GeneralizedTime;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.ASN1UTCTime;
import org.bouncycastle.asn1.DERBitString;
import org.bouncycastle.asn1.DERUTF8String;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Compared with a library that is not fast enough to start with. */
class DerTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 127, 128, 255, 256, 65_535, 65_536, 20_000_000})
    void lengthsOfAnySizeAreRight(int length) throws Exception {
        byte[] content = new byte[length];
        new Random(length).nextBytes(content);

        ASN1Primitive read = ASN1Primitive.fromByteArray(Der.octets(content));

        assertThat(((ASN1OctetString) read).getOctets()).isEqualTo(content);
        assertThat(Der.octets(content)).isEqualTo(read.getEncoded("DER"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2.5.4.3",
                "1.2.840.113549.1.1.11",
                "1.3.6.1.5.5.7.3.1",
                "0.9.2342.19200300.100.1.25",
                "2.39.127.128.16384"
            })
    void identifiersAreRight(String dotted) throws Exception {
        assertThat(Der.oid(dotted)).isEqualTo(new ASN1ObjectIdentifier(dotted).getEncoded("DER"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1", "127", "128", "255", "256", "340282366920938463463374607431768211455"})
    void integersAreRight(String number) throws Exception {
        var value = new BigInteger(number);

        assertThat(Der.integer(value)).isEqualTo(new ASN1Integer(value).getEncoded("DER"));
    }

    @Test
    void timesChangeTheirFormIn2050() throws Exception {
        assertThat(Der.time(Instant.parse("2049-12-31T23:59:59Z")))
                .isEqualTo(new ASN1UTCTime("491231235959Z").getEncoded("DER"));
        assertThat(Der.time(Instant.parse("2050-01-01T00:00:00Z")))
                .isEqualTo(new ASN1GeneralizedTime("20500101000000Z").getEncoded("DER"));
    }

    @Test
    void textAndBitsAndSequencesAreRight() throws Exception {
        assertThat(Der.text("Flynn, grün")).isEqualTo(new DERUTF8String("Flynn, grün").getEncoded("DER"));
        assertThat(Der.bits(new byte[] {4}, 2)).isEqualTo(new DERBitString(new byte[] {4}, 2).getEncoded("DER"));
        assertThat(ASN1Sequence.getInstance(Der.sequence(Der.yes(), Der.none())).size())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 127, 128, 255, 256, 65_536})
    void theFirstElementIsTakenAsItIs(int length) {
        byte[] first = Der.octets(new byte[length]);

        assertThat(Der.firstOf(Der.sequence(first, Der.none()))).isEqualTo(first);
    }
}
