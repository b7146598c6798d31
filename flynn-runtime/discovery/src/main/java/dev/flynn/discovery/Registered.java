package dev.flynn.discovery;

import dev.flynn.api.discovery.Instance;

/**
 * An instance as the store has it.
 *
 * @param member who takes its heartbeats; empty if nobody said
 * @param modRevision the revision that wrote it
 */
record Registered(Instance instance, String member, long modRevision) {

    /** Whether a registration of this instance with this member would change nothing. */
    boolean isSame(Instance other, String otherMember) {
        return member.equals(otherMember)
                && instance.id().equals(other.id())
                && instance.meta().equals(other.meta());
    }
}
