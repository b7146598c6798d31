package dev.flynn.store;

/**
 * A replica of the store as the group's configuration has it.
 *
 * @param address empty if the member has always been alone
 */
public record StoreMember(String id, String address, Role role) {

    /** What a member's word counts for. */
    public enum Role {
        /** Its disk counts for what is acknowledged, and it may lead. */
        VOTER,
        /** It follows, reads and forwards. */
        LISTENER
    }

    public boolean isVoter() {
        return role == Role.VOTER;
    }
}
