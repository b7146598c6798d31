package dev.flynn.controller;

import java.util.List;
import java.util.Optional;

/** What a deployment asks of a replicated database, and does to it (contract: layer 1, Instance API). */
interface SireniaAppliance {

    /** Who replicates from whom; empty if the service's metadata does not say. */
    Optional<Chain> chain();

    /** Those that are registered, the oldest first. */
    List<SireniaPeer> peers();

    /** What a member says of itself; empty if it does not answer. */
    Optional<Status> status(SireniaPeer peer);

    /** Has a member leave and end its database; one that is gone already is fine. */
    void stop(SireniaPeer peer);

    /**
     * The order of replication.
     *
     * @param sync absent while there is none
     * @param asyncs the first follows the sync, each other one the one before it
     * @param singleton whether there is one member for good, and no replication
     */
    record Chain(SireniaPeer primary, Optional<SireniaPeer> sync, List<SireniaPeer> asyncs, boolean singleton) {
        public Chain {
            asyncs = List.copyOf(asyncs);
        }
    }

    /** @param syncedDownstream who has everything that this member has; an id, or empty */
    record Status(boolean readWrite, String syncedDownstream) {}
}
