package dev.flynn.spi.dns;

import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/**
 * Sets the records by which a certificate authority sees that a cluster has a domain (RFC 8555, section 8.4).
 *
 * <p>Implementations are thread-safe. Several values may be wanted for one name at the same time: a domain and its wildcard
 * share one. A call may be repeated, also after this program was killed between the two.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface DnsChallengeProvider extends AutoCloseable {

    /**
     * Adds a TXT record beside those that are there, and returns once the authoritative servers of the zone answer with it. One
     * that is there is fine.
     *
     * @param name absolute, with its dot at the end: {@code _acme-challenge.example.com.}
     * @param value of the record, without quotes
     * @throws FlynnException if it cannot be set; the message says why, and users see it
     */
    void present(String name, String value);

    /** Removes that record, and no other of that name; one that is not there is fine. */
    void cleanUp(String name, String value);

    @Override
    void close();
}
