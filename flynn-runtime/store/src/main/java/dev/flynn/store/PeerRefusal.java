package dev.flynn.store;

import java.io.IOException;

/** What a peer answered instead of doing what it was asked for, and why. */
final class PeerRefusal extends IOException {

    private static final long serialVersionUID = 1L;

    /** Whether asking again, here or elsewhere, may help. */
    enum Kind {
        /** It does not lead; the detail is who does as far as it knows, or empty. */
        NOT_LEADER,
        /** It does not know this start of the caller yet: introduce yourself. */
        STRANGER,
        /** It could not do it now. */
        FAILED
    }

    private final Kind kind;
    private final String detail;

    PeerRefusal(Kind kind, String detail) {
        super(detail);
        this.kind = kind;
        this.detail = detail;
    }

    static PeerRefusal notLeader(String leader) {
        return new PeerRefusal(Kind.NOT_LEADER, leader);
    }

    Kind kind() {
        return kind;
    }

    String detail() {
        return detail;
    }
}
