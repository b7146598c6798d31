package dev.flynn.identity;

import java.time.Duration;
import java.util.List;

/** The join tokens of a cluster, for its operator. */
public interface TokenAdmin {

    /**
     * Makes a token.
     *
     * @param maxUses 1 to 1000 hosts may join with it
     * @param validity up to a year
     * @return its text, which nobody can read again
     * @throws dev.flynn.api.error.FlynnException {@code VALIDATION} saying what may be asked
     */
    String create(String note, int maxUses, Duration validity);

    /** All tokens, oldest first; those that have been useless for a month are forgotten. */
    List<TokenInfo> list();

    /**
     * Ends a token; hosts that joined with it stay.
     *
     * @throws dev.flynn.api.error.FlynnException {@code OBJECT_NOT_FOUND}
     */
    void revoke(String id);
}
