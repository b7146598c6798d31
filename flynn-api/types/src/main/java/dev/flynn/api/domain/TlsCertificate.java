package dev.flynn.api.domain;

import org.apiguardian.api.API;

/**
 * A certificate with its key, as a domain migration has it (contract: controller, DomainMigration and certificate).
 *
 * @param caCert of the authority, PEM text; may be empty
 * @param cert PEM text
 * @param key PEM text
 * @param pin base64 of the SHA-256 of the certificate's DER; may be empty
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record TlsCertificate(String caCert, String cert, String key, String pin) {

    /** Without the key. */
    @Override
    public String toString() {
        return "TlsCertificate[pin=" + pin + "]";
    }
}
