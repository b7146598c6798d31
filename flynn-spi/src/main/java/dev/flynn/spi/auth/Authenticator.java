package dev.flynn.spi.auth;

import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Says who stands behind a key.
 *
 * <p>It is asked for every request, so it answers from memory. Implementations are thread-safe. Their promises, each with a
 * test in the TCK:
 *
 * <ul>
 *   <li>AU-1 An answer takes the same time wherever the given key differs from one that is known, and whichever is known:
 *       compare digests, all of them, with {@link java.security.MessageDigest#isEqual}.
 *   <li>AU-2 What is no known key is an empty result, never an exception: nothing, a part of a key, a megabyte, what no
 *       encoding knows.
 *   <li>AU-3 Keys are in no log, no message and no text form of the authenticator or of a principal.
 *   <li>AU-4 A known key gives its principal, with the name and exactly the scopes that it was issued with; without {@code
 *       SCOPES} that is always {@code admin}.
 *   <li>AU-5 With {@code EXPIRY}: a key is accepted until the instant at which it expires, and not from then on.
 *   <li>AU-6 With {@code REVOCATION}: a key that was revoked is not accepted five seconds later, nor ever again.
 *   <li>AU-7 Answers do not depend on what other threads ask at the same time.
 *   <li>AU-8 After {@link #close} no key is accepted.
 * </ul>
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Authenticator extends AutoCloseable {

    /** What it can do; the TCK holds it to that. */
    default Set<AuthenticatorCapability> capabilities() {
        return Set.of();
    }

    /** The principal that the key belongs to. */
    Optional<Principal> authenticate(String key);

    @Override
    default void close() {}
}
