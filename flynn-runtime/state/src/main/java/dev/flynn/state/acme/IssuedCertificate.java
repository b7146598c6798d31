package dev.flynn.state.acme;

import java.time.Instant;

/**
 * The certificate of a domain.
 *
 * @param directory of the authority that issued it
 * @param chain PEM texts, the leaf first
 * @param sealedKey the private key, PEM, encrypted
 * @param renewAt when to ask for the next one
 */
public record IssuedCertificate(
        String directory, String chain, String sealedKey, Instant notBefore, Instant notAfter, Instant renewAt) {}
