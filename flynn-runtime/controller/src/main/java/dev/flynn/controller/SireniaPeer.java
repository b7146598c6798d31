package dev.flynn.controller;

/**
 * A member of a replicated database, as it is registered in its service (contract: layer 1, State document).
 *
 * @param id of the instance in discovery, which changes with each job
 * @param peer the id that the member keeps, whatever job it is
 * @param addr where the database listens
 * @param release of its job
 * @param job its job's id
 */
record SireniaPeer(String id, String peer, String addr, String release, String job) {

    /** Whether that is this one, by either of its ids. */
    boolean isNamed(String name) {
        return !name.isEmpty() && (name.equals(id) || name.equals(peer));
    }
}
