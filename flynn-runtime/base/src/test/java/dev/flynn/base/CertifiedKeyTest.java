package dev.flynn.base;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The kinds of keys are tested where certificates of all kinds are made: by the router. */
class CertifiedKeyTest {

    private final ClusterCertificate one = generated();
    private final ClusterCertificate other = generated();

    private static ClusterCertificate generated() {
        return ClusterCertificate.generate(List.of("flynn.test"), Instant.parse("2030-02-01T00:00:00Z"));
    }

    @Test
    void aChainAndItsKeyAreRead() {
        CertifiedKey read = CertifiedKey.of(one.cert() + one.caCert(), one.key());

        assertThat(read.chain()).hasSize(2);
        assertThat(read.key().getAlgorithm()).isEqualTo("EC");
    }

    @Test
    void whatDoesNotBelongTogetherIsRefused() {
        refused(one.cert(), other.key(), "the private key is not that of the first certificate");
        refused(one.caCert() + one.cert(), one.key(), "the private key is not that of the first certificate");
        refused(one.cert(), "nonsense", "the key's text has no unencrypted private key");
        refused("", one.key(), "the chain has no certificate");
        refused(
                one.cert(),
                "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----",
                "chain and key must be PEM texts");
        refused(
                one.cert(),
                "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
                "the private key is not");
    }

    private static void refused(String chain, String key, String message) {
        assertThatThrownBy(() -> CertifiedKey.of(chain, key))
                .isInstanceOf(FlynnException.class)
                .hasMessageStartingWith(message);
    }
}
