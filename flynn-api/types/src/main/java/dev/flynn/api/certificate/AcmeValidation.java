package dev.flynn.api.certificate;

import dev.flynn.api.error.FlynnException;
import java.util.Arrays;
import org.apiguardian.api.API;

/** How a certificate authority sees that a cluster has a domain; the names are those of the protocol. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public enum AcmeValidation {
    /** A request to port 80 of the domain (RFC 8555, section 8.3). */
    HTTP_01("http-01"),
    /** A handshake with port 443 of the domain (RFC 8737). */
    TLS_ALPN_01("tls-alpn-01"),
    /** A TXT record of the domain (RFC 8555, section 8.4): the only way for a wildcard. */
    DNS_01("dns-01");

    private final String wireName;

    AcmeValidation(String wireName) {
        this.wireName = wireName;
    }

    public String wireName() {
        return wireName;
    }

    /** @throws FlynnException {@code VALIDATION} naming those that there are */
    public static AcmeValidation ofWireName(String name) {
        for (AcmeValidation validation : values()) {
            if (validation.wireName.equals(name)) {
                return validation;
            }
        }
        throw FlynnException.invalidField(
                "validation",
                "must be one of %s, or nothing to let the cluster choose; was \"%s\""
                        .formatted(
                                Arrays.stream(values())
                                        .map(AcmeValidation::wireName)
                                        .toList(),
                                name));
    }
}
