package dev.flynn.link.admin;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which hosts vote on what the store holds, and whether that may be changed.
 *
 * @param all hosts that vote
 * @param alive those of them that live
 */
record Voters(Set<String> all, Set<String> alive) {

    static Voters of(List<HostInfo> hosts) {
        Set<String> all = new TreeSet<>();
        Set<String> alive = new TreeSet<>();
        for (HostInfo host : hosts) {
            if (host.storeRole().isVoter()) {
                all.add(host.id());
                if (host.alive()) {
                    alive.add(host.id());
                }
            }
        }
        return new Voters(all, alive);
    }

    /** @throws FlynnException {@code PRECONDITION_FAILED} if the store could not be written without this host's vote */
    void requireEnoughWithout(String host) {
        Set<String> left = new TreeSet<>(all);
        left.remove(host);
        if (left.isEmpty()) {
            throw refused(
                    "host \"%s\" is the only one that votes in the store; promote another one first".formatted(host));
        }
        Set<String> livingOnes = new TreeSet<>(alive);
        livingOnes.remove(host);
        if (2 * livingOnes.size() <= left.size()) {
            Set<String> dead = new TreeSet<>(left);
            dead.removeAll(livingOnes);
            throw refused(
                    "without host \"%s\" the store's voters would be %s, and %s do not live: there would be no majority; demote or remove the dead ones, or promote others, first"
                            .formatted(host, left, dead));
        }
    }

    /** What is to be said of so many voters. */
    Optional<String> advice() {
        return all.size() % 2 == 0
                ? Optional.of(
                        "the store has %d voters now, %s: an even number survives no more losses than one voter less; have 1, 3 or 5"
                                .formatted(all.size(), all))
                : Optional.empty();
    }

    static FlynnException refused(String why) {
        return new FlynnException(ErrorCode.PRECONDITION_FAILED, why);
    }
}
