package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentProgress;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.release.Release;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Deployments as clients ask for them and see them; {@link DeploymentWorker} carries them out. */
public final class DeploymentCatalog {

    private final ClusterState state;
    private final ControllerTables tables;
    private final AppCatalog apps;
    private final CurrentRelease currentRelease;
    private final ReleaseUses uses;
    private final DiskReserve disk;

    DeploymentCatalog(ClusterState state, ControllerTables tables, AppCatalog apps, DiskReserve disk) {
        this.state = state;
        this.tables = tables;
        this.apps = apps;
        this.currentRelease = new CurrentRelease(state, tables);
        this.uses = new ReleaseUses(tables);
        this.disk = disk;
    }

    /** Queues a deployment; where nothing runs, and where the release is deployed already, it is complete at once. */
    public Deployment create(String app, String releaseId) {
        disk.require("deploy");
        while (true) {
            Versioned<App> read = apps.get(app);
            Release release = ReleaseCatalog.named(state, releaseId);
            Deployment deployment = newDeployment(read.value(), release);
            String key = ControllerTables.deployingKey(read.value().id());
            if (state.store().get(key).isPresent()) {
                throw FlynnException.invalid("Cannot create deploy, there is already one in progress for this app.");
            }
            Transaction.Builder transaction = Transaction.builder();
            transaction.whenAbsent(key);
            if (deployment.status() == DeploymentStatus.COMPLETE) {
                currentRelease.set(transaction, read, release);
            } else {
                transaction.whenUnchanged(read.key(), read.modRevision());
                transaction.put(key, deployment.id().toString());
                tables.runs()
                        .create(
                                transaction,
                                deployment.id().toString(),
                                DeploymentRun.begin(deployment.id(), deployment.createdAt()));
                uses.remember(transaction, read.value().id(), release.id());
            }
            state.deployments().create(transaction, deployment.id().toString(), deployment);
            tell(transaction, deployment);
            CommitResult result = state.commit(transaction);
            if (result.committed()) {
                return deployment;
            }
        }
    }

    private Deployment newDeployment(App app, Release release) {
        Map<String, Integer> processes = app.release()
                .flatMap(old -> state.formations().find(ClusterState.formationId(app.id(), old)))
                .map(formation -> formation.value())
                .map(Formation::processes)
                .orElse(Map.of());
        boolean nothingRuns = processes.values().stream().allMatch(count -> count == 0);
        boolean complete = nothingRuns || app.release().equals(Optional.of(release.id()));
        Instant now = state.clock().instant();
        return new Deployment(
                DeploymentId.random(),
                app.id(),
                app.release(),
                release.id(),
                app.strategy(),
                complete ? DeploymentStatus.COMPLETE : DeploymentStatus.PENDING,
                processes,
                app.deployTimeout(),
                now,
                complete ? Optional.of(now) : Optional.empty());
    }

    private void tell(Transaction.Builder transaction, Deployment deployment) {
        var progress = new DeploymentProgress(
                deployment.app(),
                deployment.id(),
                deployment.newRelease(),
                deployment.status(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        state.events()
                .append(
                        transaction,
                        EventType.DEPLOYMENT,
                        Optional.of(deployment.app()),
                        deployment.id().toString(),
                        progress);
    }

    /** The app's deployments, newest first. */
    public List<Deployment> of(AppId app) {
        return AppCatalog.newestFirst(state.deployments().list().stream()
                .filter(deployment -> deployment.value().app().equals(app))
                .toList());
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Deployment get(String id) {
        return state.deployments()
                .get(ReleaseCatalog.objectId("deployment", id))
                .value();
    }
}
