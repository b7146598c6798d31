package dev.flynn.identity;

import java.time.Instant;

/**
 * A join token, as the store has it.
 *
 * @param secretHash in hexadecimal digits
 * @param maxUses how many hosts may join with it
 */
record TokenRecord(
        String secretHash, String note, Instant createdAt, Instant expiresAt, int maxUses, int uses, boolean revoked) {

    TokenRecord used() {
        return new TokenRecord(secretHash, note, createdAt, expiresAt, maxUses, uses + 1, revoked);
    }

    TokenRecord revoke() {
        return new TokenRecord(secretHash, note, createdAt, expiresAt, maxUses, uses, true);
    }

    TokenInfo info(String id, Instant now) {
        TokenInfo.State state = TokenInfo.State.VALID;
        if (revoked) {
            state = TokenInfo.State.REVOKED;
        } else if (!now.isBefore(expiresAt)) {
            state = TokenInfo.State.EXPIRED;
        } else if (uses >= maxUses) {
            state = TokenInfo.State.USED_UP;
        }
        return new TokenInfo(id, note, createdAt, expiresAt, maxUses, uses, state);
    }
}
