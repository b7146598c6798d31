package dev.flynn.identity;

import java.time.Instant;

/**
 * What may be told of a join token: everything but its secret.
 *
 * @param note what the operator wrote about it
 * @param maxUses how many hosts may join with it
 * @param uses how many did
 */
public record TokenInfo(
        String id, String note, Instant createdAt, Instant expiresAt, int maxUses, int uses, State state) {

    /** Whether it lets a host join. */
    public enum State {
        VALID,
        EXPIRED,
        REVOKED,
        USED_UP
    }
}
