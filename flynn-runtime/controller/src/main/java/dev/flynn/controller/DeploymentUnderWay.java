package dev.flynn.controller;

import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** The deployment of an app that is under way: there is at most one. */
final class DeploymentUnderWay {

    private DeploymentUnderWay() {}

    /** The releases that it moves the app from and to; none if nothing is deployed. */
    static Set<ReleaseId> releases(ClusterState state, AppId app) {
        Set<ReleaseId> releases = new HashSet<>();
        find(state, state.store().get(ControllerTables.deployingKey(app))).ifPresent(deployment -> {
            releases.add(deployment.newRelease());
            deployment.oldRelease().ifPresent(releases::add);
        });
        return releases;
    }

    /**
     * Adds: no deployment moves this release. Its next step, which goes by the counts of its beginning, would undo what is
     * scaled meanwhile, and nobody would be told.
     *
     * @throws FlynnException {@code CONFLICT} if one does
     */
    static void requireNone(ClusterState state, Transaction.Builder transaction, AppId app, ReleaseId release) {
        String key = ControllerTables.deployingKey(app);
        Optional<StoreEntry> entry = state.store().get(key);
        transaction.whenUnchanged(key, entry.map(StoreEntry::modRevision).orElse(0L));
        find(state, entry)
                .filter(deployment -> deployment.newRelease().equals(release)
                        || deployment.oldRelease().equals(Optional.of(release)))
                .ifPresent(deployment -> {
                    throw new FlynnException(
                            ErrorCode.CONFLICT,
                            "deployment %s is under way and would undo this: scale when it is over, or cancel it"
                                    .formatted(deployment.id()));
                });
    }

    private static Optional<Deployment> find(ClusterState state, Optional<StoreEntry> entry) {
        return entry.map(StoreEntry::value)
                .flatMap(id -> state.deployments().find(id))
                .map(Versioned::value);
    }
}
