package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.ScaleRequest;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.release.Release;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * Formations that are scaled by requests, of which clients are told when the jobs are as they should be;
 * {@link ScaleProgress} finds that out. A formation has at most one request that waits.
 */
public final class ScaleRequests {

    private final ClusterState state;
    private final ControllerTables tables;
    private final FormationWriter writer;
    private final DiskReserve disk;

    ScaleRequests(ClusterState state, ControllerTables tables, DiskReserve disk) {
        this.state = state;
        this.tables = tables;
        this.writer = new FormationWriter(state, tables);
        this.disk = disk;
    }

    /**
     * What a client sends to scale.
     *
     * @param processes changes these counts and leaves the others; absent leaves all
     * @param tags changes the tags of these types and leaves the others
     */
    public record NewScale(Optional<Map<String, Integer>> processes, Optional<Map<String, Map<String, String>>> tags) {}

    /**
     * Scales the formation; an earlier request for it that waits is cancelled.
     *
     * @throws FlynnException {@code VALIDATION} if the release has no such type or cannot run, {@code CONFLICT} while a deployment
     *     moves the app from it or to it
     */
    public ScaleRequest create(Versioned<App> app, Release release, NewScale wanted) {
        FormationCatalog.requireDeployable(release, wanted.processes().orElse(Map.of()));
        String id = ClusterState.formationId(app.value().id(), release.id());
        Versioned<App> read = app;
        while (true) {
            Optional<Versioned<Formation>> known = state.formations().find(id);
            ScaleRequest request = request(read.value(), release, known.map(Versioned::value), wanted);
            Formation formation = formation(request, known.map(Versioned::value));
            FormationCatalog.requireAllowed(read.value(), formation);
            if (formation.total() > known.map(before -> before.value().total()).orElse(0)) {
                disk.require("scaling up");
            }
            Transaction.Builder transaction = Transaction.builder();
            transaction.whenUnchanged(read.key(), read.modRevision());
            DeploymentUnderWay.requireNone(state, transaction, app.value().id(), release.id());
            Optional<Versioned<ScaleRequest>> waiting = tables.scaleRequests().find(id);
            waiting.ifPresent(before -> cancel(state, transaction, before.value()));
            waiting.ifPresentOrElse(
                    before -> tables.scaleRequests().replace(transaction, before, request),
                    () -> tables.scaleRequests().create(transaction, id, request));
            tell(state, transaction, EventType.SCALE_REQUEST, request);
            writer.put(transaction, known, formation, Optional.of(formation.processes()));
            if (state.commit(transaction).committed()) {
                return request;
            }
            read = state.apps().get(app.value().id().toString());
        }
    }

    private ScaleRequest request(App app, Release release, Optional<Formation> known, NewScale wanted) {
        Map<String, Integer> oldProcesses = known.map(Formation::processes).orElse(Map.of());
        Map<String, Map<String, String>> oldTags = known.map(Formation::tags).orElse(Map.of());
        Instant now = state.clock().instant();
        return new ScaleRequest(
                UUID.randomUUID().toString(),
                app.id(),
                release.id(),
                ScaleRequest.State.PENDING,
                oldProcesses,
                merged(oldProcesses, wanted.processes()),
                oldTags,
                merged(oldTags, wanted.tags()),
                now,
                now);
    }

    private static <T> Map<String, T> merged(Map<String, T> old, Optional<Map<String, T>> changes) {
        Map<String, T> all = new HashMap<>(old);
        changes.ifPresent(all::putAll);
        return all;
    }

    private static Formation formation(ScaleRequest request, Optional<Formation> known) {
        return new Formation(
                request.app(),
                request.release(),
                request.newProcesses(),
                request.newTags(),
                known.map(Formation::createdAt).orElse(request.createdAt()),
                request.createdAt());
    }

    /** Adds: clients are told that the request is given up. */
    static void cancel(ClusterState state, Transaction.Builder transaction, ScaleRequest request) {
        ScaleRequest cancelled =
                request.as(ScaleRequest.State.CANCELLED, state.clock().instant());
        tell(state, transaction, EventType.SCALE_REQUEST_CANCELATION, cancelled);
    }

    /** Adds: clients are told how the request is. */
    static void tell(ClusterState state, Transaction.Builder transaction, EventType type, ScaleRequest request) {
        state.events().append(transaction, type, Optional.of(request.app()), request.id(), request);
    }
}
