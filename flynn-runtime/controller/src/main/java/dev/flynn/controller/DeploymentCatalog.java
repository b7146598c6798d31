package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentProgress;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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

    /** Queues a deployment, whatever the app's current release is; see {@link #create(String, String, Optional)}. */
    public Deployment create(String app, String releaseId) {
        return create(app, releaseId, Optional.empty());
    }

    /**
     * Queues a deployment; where nothing runs, and where the release is deployed already, it is complete at once.
     *
     * @param oldRelease the current release from which this one was made, or {@code ""} where there was none; empty where it was not
     *     made from one
     * @throws FlynnException {@code CONFLICT} if the app's current release is another one than that; {@code VALIDATION} if there is no
     *     such release, if another deployment of the app is under way, or if the app's metadata cannot be followed;
     *     {@code OBJECT_NOT_FOUND} if there is no such app; {@code NO_CAPACITY} if the hosts have no room for the first new
     *     jobs beside the old ones
     */
    public Deployment create(String app, String releaseId, Optional<String> oldRelease) {
        disk.require("deploy");
        while (true) {
            Versioned<App> read = apps.get(app);
            Release release = ReleaseCatalog.named(state, releaseId);
            oldRelease.ifPresent(expected -> requireCurrent(read.value(), expected));
            String key = requireNoneUnderWay(read.value());
            Transaction.Builder transaction = Transaction.builder();
            Deployment deployment = newDeployment(read.value(), release, running(transaction, read.value()));
            if (deployment.status() == DeploymentStatus.COMPLETE) {
                transaction.whenAbsent(key);
                currentRelease.set(transaction, read, release);
            } else {
                requireRoom(read.value(), deployment, release);
                queue(transaction, read, deployment, List.of());
                uses.remember(transaction, read.value().id(), release.id());
            }
            if (commit(transaction, deployment)) {
                return deployment;
            }
        }
    }

    /**
     * Queues the replacement of running jobs by new ones of the same release, with the app's strategy. To clients it is a
     * deployment whose old release is its new one.
     *
     * @param type whose jobs; empty for those of all types
     * @throws FlynnException {@code VALIDATION} if nothing of that runs, or a deployment of the app is under way;
     *     {@code OBJECT_NOT_FOUND} if there is no such app
     */
    public Deployment restart(String app, Optional<String> type) {
        disk.require("restart");
        while (true) {
            Versioned<App> read = apps.get(app);
            Transaction.Builder transaction = Transaction.builder();
            Map<String, Integer> processes = running(transaction, read.value());
            List<String> types = processes.keySet().stream()
                    .filter(known -> processes.getOrDefault(known, 0) > 0)
                    .filter(known -> type.isEmpty() || type.get().equals(known))
                    .sorted()
                    .toList();
            if (types.isEmpty()) {
                throw FlynnException.invalid("no job of app \"%s\"%s is wanted, so there is nothing to restart"
                        .formatted(
                                read.value().name(),
                                type.map(" and process type \"%s\""::formatted).orElse("")));
            }
            requireNoneUnderWay(read.value());
            Deployment deployment = newRestart(read.value(), processes);
            queue(transaction, read, deployment, types);
            if (commit(transaction, deployment)) {
                return deployment;
            }
        }
    }

    /** Otherwise what somebody else released meanwhile would be undone by a release that was made from an older one. */
    private static void requireCurrent(App app, String expected) {
        String current = app.release().map(ReleaseId::toString).orElse("");
        if (!current.equals(expected)) {
            throw new FlynnException(
                    ErrorCode.CONFLICT,
                    "the current release of app \"%s\" is %s, and not %s, of which the new one was made: make it of the current one"
                            .formatted(app.name(), named(current), named(expected)));
        }
    }

    private static String named(String release) {
        return release.isEmpty() ? "none" : release;
    }

    private String requireNoneUnderWay(App app) {
        String key = ControllerTables.deployingKey(app.id());
        if (state.store().get(key).isPresent()) {
            throw FlynnException.invalid("Cannot create deploy, there is already one in progress for this app.");
        }
        return key;
    }

    /** For the jobs that a deployment starts before it stops any. */
    private void requireRoom(App app, Deployment deployment, Release release) {
        List<Host> hosts = values(state.hosts().list());
        Map<String, Integer> target = new HashMap<>(deployment.processes());
        target.keySet().retainAll(release.processes().keySet());
        DeploymentUnit first = DeploymentUnit.of(
                        deployment.strategy(),
                        DeploymentPace.of(app, hosts.size()),
                        deployment.processes(),
                        target,
                        Set.of(),
                        Optional.empty())
                .get(0);
        Map<String, Map<String, String>> tags = deployment
                .oldRelease()
                .flatMap(old -> state.formations().find(ClusterState.formationId(app.id(), old)))
                .map(formation -> formation.value().tags())
                .orElse(Map.of());
        new DeploymentRoom(hosts, values(state.jobs().table().list())).require(first, release.processes(), tags);
    }

    private static <T> List<T> values(List<Versioned<T>> records) {
        return records.stream().map(Versioned::value).toList();
    }

    private void queue(
            Transaction.Builder transaction, Versioned<App> app, Deployment deployment, List<String> restarts) {
        String key = ControllerTables.deployingKey(deployment.app());
        DeploymentPace pace =
                DeploymentPace.of(app.value(), state.hosts().list().size());
        transaction.whenAbsent(key);
        transaction.whenUnchanged(app.key(), app.modRevision());
        transaction.put(key, deployment.id().toString());
        tables.runs()
                .create(
                        transaction,
                        deployment.id().toString(),
                        DeploymentRun.begin(deployment.id(), pace, restarts, deployment.createdAt()));
    }

    private boolean commit(Transaction.Builder transaction, Deployment deployment) {
        state.deployments().create(transaction, deployment.id().toString(), deployment);
        tell(transaction, deployment);
        return state.commit(transaction).committed();
    }

    /** What the app's current release wants; the transaction holds only while it does. */
    private Map<String, Integer> running(Transaction.Builder transaction, App app) {
        if (app.release().isEmpty()) {
            return Map.of();
        }
        String id = ClusterState.formationId(app.id(), app.release().get());
        Optional<Versioned<Formation>> formation = state.formations().find(id);
        transaction.whenUnchanged(
                state.formations().key(id),
                formation.map(Versioned::modRevision).orElse(0L));
        return formation.map(read -> read.value().processes()).orElse(Map.of());
    }

    private Deployment newDeployment(App app, Release release, Map<String, Integer> processes) {
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

    private Deployment newRestart(App app, Map<String, Integer> processes) {
        return new Deployment(
                DeploymentId.random(),
                app.id(),
                app.release(),
                app.release().orElseThrow(),
                // the same release is on trial already
                app.strategy() == Strategy.CANARY ? Strategy.ONE_BY_ONE : app.strategy(),
                DeploymentStatus.PENDING,
                processes,
                app.deployTimeout(),
                state.clock().instant(),
                Optional.empty());
    }

    /**
     * Lets a deployment end as if it had failed: the former formation comes back.
     *
     * @return the deployment; it is over only when its status says so
     * @throws FlynnException {@code CONFLICT} if it is over, {@code OBJECT_NOT_FOUND} if the app has no such deployment
     */
    public Deployment cancel(String app, String id) {
        return order(app, id, DeploymentRun.Order.CANCEL);
    }

    /**
     * Lets a deployment on trial go on without waiting for the end of it; one that is not there yet will not hold.
     *
     * @throws FlynnException {@code VALIDATION} if it knows no trial, {@code CONFLICT} if it is over or cancelled,
     *     {@code OBJECT_NOT_FOUND} if the app has no such deployment
     */
    public Deployment promote(String app, String id) {
        Strategy strategy = get(id).strategy();
        if (strategy != Strategy.CANARY) {
            throw FlynnException.invalid("deployment %s has strategy %s, and only one with strategy %s can be promoted"
                    .formatted(id, strategy, Strategy.CANARY));
        }
        return order(app, id, DeploymentRun.Order.PROMOTE);
    }

    private Deployment order(String app, String id, DeploymentRun.Order order) {
        AppId owner = apps.get(app).value().id();
        while (true) {
            Deployment deployment = get(id);
            if (!deployment.app().equals(owner)) {
                throw FlynnException.notFound("deployment", id);
            }
            Versioned<DeploymentRun> run = tables.runs()
                    .find(deployment.id().toString())
                    .orElseThrow(() -> new FlynnException(
                            ErrorCode.CONFLICT,
                            "deployment %s is over: %s"
                                    .formatted(id, get(id).status().wireName())));
            boolean rollsBack = run.value().phase() == DeploymentRun.Phase.ROLL_BACK
                    || run.value().order() == DeploymentRun.Order.CANCEL;
            if (rollsBack && order == DeploymentRun.Order.PROMOTE) {
                throw new FlynnException(ErrorCode.CONFLICT, "deployment %s is being taken back".formatted(id));
            }
            if (rollsBack || run.value().order() == order) {
                return deployment;
            }
            Transaction.Builder transaction = Transaction.builder();
            tables.runs().replace(transaction, run, run.value().withOrder(order));
            if (state.commit(transaction).committed()) {
                return deployment;
            }
        }
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
        return Versioned.newestFirst(state.deployments().list().stream()
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
