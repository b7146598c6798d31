package dev.flynn.controller;

import dev.flynn.api.id.ReleaseId;
import dev.flynn.controller.SireniaAppliance.Chain;
import dev.flynn.controller.SireniaAppliance.Status;
import dev.flynn.controller.SireniaRun.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Replaces the members of a replicated database one by one, so that it can be written to for as long as possible (contract:
 * layer 1, Deploy strategy postgres): the asyncs in their order, the sync, the primary. For each, a new member is started, the
 * old one is stopped through its own HTTP API, and nothing goes on before the chain is closed again. Decides only, from what
 * the appliance says now and what the {@link SireniaRun} remembers.
 */
final class SireniaPlan {

    /** How long an old member may take to leave. */
    static final Duration LEAVING_PATIENCE = Duration.ofSeconds(60);

    /** How long a new one may take to have what the others have, or to take writes. */
    static final Duration SYNCING_PATIENCE = Duration.ofMinutes(3);

    /** How often members are asked. */
    static final Duration POLL = Duration.ofMillis(500);

    private final SireniaAppliance appliance;
    private final ReleaseId newRelease;

    SireniaPlan(SireniaAppliance appliance, ReleaseId newRelease) {
        this.appliance = appliance;
        this.newRelease = newRelease;
    }

    /** Whether a deployment can begin, and with which members. */
    sealed interface Beginning {

        record Ready(SireniaRun run) implements Beginning {}

        /** As many members of the new release as there shall be are there. */
        record Done(SireniaRun run) implements Beginning {}

        record Refused(String reason) implements Beginning {}
    }

    /** What comes next for the member that is being replaced. */
    sealed interface Next {

        /** Nothing changed yet; after {@code patience} since the last step it never will. */
        record Wait(Duration patience, String reason) implements Next {}

        /** The replacement is there: this member is to stop. */
        record Stop(SireniaRun run, SireniaPeer peer) implements Next {}

        /** The old member is gone. */
        record Gone(SireniaRun run) implements Next {}

        /** The next member's turn. */
        record Replaced(SireniaRun run) implements Next {}
    }

    /** @param count how many members there shall be */
    Beginning begin(String type, String service, int count) {
        Optional<Chain> known = appliance.chain();
        if (known.isEmpty()) {
            return new Beginning.Refused(
                    "service %s has no state of a replicated database in its metadata: process type %s is no such appliance; use the strategy one-by-one for it"
                            .formatted(service, type));
        }
        Chain chain = known.get();
        if (chain.singleton()) {
            return new Beginning.Refused(
                    "%s runs as a singleton, so that no member can take over; use the strategy one-by-one"
                            .formatted(service));
        }
        List<SireniaPeer> ours = appliance.peers().stream().filter(this::isNew).toList();
        if (ours.size() >= count) {
            return new Beginning.Done(SireniaRun.of(type, service, List.of()));
        }
        if (!ours.isEmpty()) {
            return new Beginning.Refused(
                    "%d of %d members of %s run the new release already, from a deployment that failed: scale it to 0 first"
                            .formatted(ours.size(), count, service));
        }
        if (chain.sync().isEmpty() || chain.asyncs().isEmpty()) {
            return new Beginning.Refused(
                    "%s has no %s: at least one member has to be left when another is replaced; scale %s to 3 and wait until they are in sync"
                            .formatted(service, chain.sync().isEmpty() ? "sync" : "async", type));
        }
        if (chain.asyncs().size() + 2 != count) {
            return new Beginning.Refused(
                    "%s has %d members in its chain, and %s is scaled to %d: wait until all are there"
                            .formatted(service, chain.asyncs().size() + 2, type, count));
        }
        List<SireniaPeer> old = new ArrayList<>(chain.asyncs());
        old.add(chain.sync().get());
        old.add(chain.primary());
        return new Beginning.Ready(SireniaRun.of(type, service, old));
    }

    private boolean isNew(SireniaPeer peer) {
        return peer.release().equals(newRelease.toString());
    }

    /** For the member whose replacement was started last. */
    Next next(SireniaRun run) {
        return switch (run.stage()) {
            case STOP -> stop(run);
            case AWAIT_GONE -> awaitGone(run);
            case AWAIT_SYNCED -> awaitSynced(run);
        };
    }

    private Next stop(SireniaRun run) {
        Optional<SireniaPeer> replacement = appliance.peers().stream()
                .filter(this::isNew)
                .filter(peer ->
                        run.started().stream().noneMatch(known -> known.peer().equals(peer.peer())))
                .findFirst();
        if (replacement.isEmpty()) {
            return new Next.Wait(LEAVING_PATIENCE, "the new member did not register in service " + run.service());
        }
        SireniaRun stopping = run.stopping(replacement.get());
        return new Next.Stop(stopping, stopping.leaving());
    }

    private Next awaitGone(SireniaRun run) {
        SireniaPeer leaving = run.leaving();
        boolean isThere = appliance.peers().stream().anyMatch(peer -> peer.id().equals(leaving.id()));
        return isThere
                ? new Next.Wait(
                        LEAVING_PATIENCE, "member %s was stopped and is registered still".formatted(leaving.addr()))
                : new Next.Gone(run.in(Stage.AWAIT_SYNCED));
    }

    private Next awaitSynced(SireniaRun run) {
        Optional<String> missing = missing(run);
        return missing.isPresent()
                ? new Next.Wait(SYNCING_PATIENCE, missing.get())
                : new Next.Replaced(run.in(Stage.STOP));
    }

    /** What the chain still lacks after this replacement. */
    private Optional<String> missing(SireniaRun run) {
        int replaced = run.started().size();
        int asyncs = run.old().size() - 2;
        SireniaPeer newest = run.started().get(replaced - 1);
        if (replaced == 1) {
            // behind the last async that is left, or behind the sync if there was one async only
            return unsynced(asyncs > 1 ? run.old().get(asyncs - 1) : run.old().get(asyncs), newest);
        }
        if (replaced <= asyncs) {
            return unsynced(run.started().get(replaced - 2), newest);
        }
        SireniaPeer first = run.started().get(0);
        if (replaced == asyncs + 1) {
            return unsynced(run.old().get(asyncs + 1), first)
                    .or(() -> unsynced(first, run.started().get(1)));
        }
        boolean takesWrites = appliance.status(first).map(Status::readWrite).orElse(false);
        return takesWrites ? Optional.empty() : Optional.of("member %s does not take writes".formatted(first.addr()));
    }

    private Optional<String> unsynced(SireniaPeer upstream, SireniaPeer downstream) {
        boolean synced = appliance
                .status(upstream)
                .filter(status -> downstream.isNamed(status.syncedDownstream()))
                .isPresent();
        return synced
                ? Optional.empty()
                : Optional.of(
                        "member %s does not have all that member %s has".formatted(downstream.addr(), upstream.addr()));
    }
}
