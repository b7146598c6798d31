package dev.flynn.controller;

import java.util.ArrayList;
import java.util.List;

/**
 * How far a deployment is with replacing the members of a replicated database.
 *
 * @param type their process type
 * @param service where they are registered
 * @param old the members in the order in which they are replaced: asyncs, sync, primary
 * @param started those that replace them, as far as they are there
 * @param stage of the member that is being replaced
 */
record SireniaRun(String type, String service, List<SireniaPeer> old, List<SireniaPeer> started, Stage stage) {

    /** How far one replacement is, once the new member is registered. */
    enum Stage {
        /** The new one is to be found, and the old one is to be stopped. */
        STOP,
        /** The old one is to leave the service. */
        AWAIT_GONE,
        /** The chain is to close again. */
        AWAIT_SYNCED
    }

    SireniaRun {
        old = List.copyOf(old);
        started = List.copyOf(started);
    }

    static SireniaRun of(String type, String service, List<SireniaPeer> old) {
        return new SireniaRun(type, service, old, List.of(), Stage.STOP);
    }

    SireniaRun stopping(SireniaPeer replacement) {
        List<SireniaPeer> more = new ArrayList<>(started);
        more.add(replacement);
        return new SireniaRun(type, service, old, more, Stage.AWAIT_GONE);
    }

    SireniaRun in(Stage entered) {
        return new SireniaRun(type, service, old, started, entered);
    }

    /** The one that is being replaced, once its replacement is there. */
    SireniaPeer leaving() {
        return old.get(started.size() - 1);
    }
}
