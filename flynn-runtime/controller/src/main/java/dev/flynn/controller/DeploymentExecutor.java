package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentProgress;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.controller.DeploymentSnapshot.JobView;
import dev.flynn.controller.DeploymentStep.Act;
import dev.flynn.controller.DeploymentStep.Action;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes the steps of deployments: looks at the store and at discovery, lets {@link DeploymentPlan} decide, and commits each
 * step as one transaction that holds only if nobody else took it. All but {@link #close} runs on the loop's thread.
 */
final class DeploymentExecutor implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DeploymentExecutor.class);

    /** Names, in a release's environment, the process type of the members of a replicated database. */
    private static final String DATABASE_TYPE = "SIRENIA_PROCESS";

    /** That of releases that do not. */
    private static final String POSTGRES = "postgres";

    private static final int LOG_LINES = 20;
    private static final Duration AFTER_CONFLICT = Duration.ofMillis(20);

    private final ClusterState state;
    private final ControllerTables tables;
    private final Discovery discovery;
    private final AppLogs logs;
    private final FormationWriter formations;
    private final CurrentRelease currentRelease;
    private final ServiceMarks marks;
    private final Function<Release, DeploymentPlan.Databases> databases;

    /** By service; they wake the loop up while a deployment waits for the service. */
    private final Map<String, Subscription> watches = new ConcurrentHashMap<>();

    private @Nullable WakeLoop loop;

    DeploymentExecutor(ClusterState state, ControllerTables tables, Discovery discovery, AppLogs logs) {
        this(state, tables, discovery, logs, databasesOf(discovery));
    }

    /** @param databases by release */
    DeploymentExecutor(
            ClusterState state,
            ControllerTables tables,
            Discovery discovery,
            AppLogs logs,
            Function<Release, DeploymentPlan.Databases> databases) {
        this.state = state;
        this.tables = tables;
        this.discovery = discovery;
        this.logs = logs;
        this.formations = new FormationWriter(state, tables);
        this.currentRelease = new CurrentRelease(state, tables);
        this.marks = new ServiceMarks(discovery);
        this.databases = databases;
    }

    WakeLoop loop() {
        var created = new WakeLoop(
                "deployment-worker",
                state.store(),
                state.clock(),
                List.of(ControllerTables.RUNS, "jobs/", "formations/"),
                this::look);
        loop = created;
        return created;
    }

    /** Takes as many steps as can be taken now. */
    Instant look() {
        Instant next = Instant.MAX;
        Set<String> services = new HashSet<>();
        for (Versioned<DeploymentRun> run : tables.runs().list()) {
            Instant again = advance(run, services);
            next = again.isBefore(next) ? again : next;
        }
        stopWatchingAllBut(services);
        return next;
    }

    private Instant advance(Versioned<DeploymentRun> run, Set<String> services) {
        String id = run.value().id().toString();
        try {
            Optional<Work> found = read(run);
            if (found.isEmpty()) {
                return Instant.MAX;
            }
            Work work = found.get();
            work.services().values().forEach(service -> {
                services.add(service);
                watch(service);
            });
            DeploymentStep step = DeploymentPlan.next(snapshot(work), databases.apply(work.release()));
            if (step instanceof DeploymentStep.Await await) {
                return await.until();
            }
            boolean committed = commit(work, (Act) step);
            return committed ? state.clock().instant() : state.clock().instant().plus(AFTER_CONFLICT);
        } catch (FlynnException e) {
            log.atWarn().addKeyValue("deployment", id).setCause(e).log("deployment step failed; it is repeated");
            return state.clock().instant().plusSeconds(1);
        }
    }

    /** The records that a deployment is about, as they were read. */
    private record Work(
            Versioned<DeploymentRun> run,
            Versioned<Deployment> deployment,
            Versioned<App> app,
            Map<String, ProcessType> oldTypes,
            Release release,
            Map<String, String> services) {}

    /** Empty if there is nothing left to deploy; then the run is ended. */
    private Optional<Work> read(Versioned<DeploymentRun> run) {
        Versioned<Deployment> deployment =
                state.deployments().get(run.value().id().toString());
        Optional<Versioned<App>> app =
                state.apps().find(deployment.value().app().toString());
        if (app.isEmpty()) {
            abandon(run, deployment);
            return Optional.empty();
        }
        Release release = release(deployment.value().newRelease())
                .orElseThrow(() ->
                        FlynnException.notFound("release", deployment.value().newRelease()));
        Map<String, ProcessType> oldTypes = deployment
                .value()
                .oldRelease()
                .flatMap(this::release)
                .map(Release::processes)
                .orElse(Map.of());
        Map<String, String> services = new HashMap<>();
        release.processes()
                .forEach((type, process) -> process.service().ifPresent(service -> services.put(type, service)));
        return Optional.of(new Work(run, deployment, app.get(), oldTypes, release, services));
    }

    private Optional<Release> release(ReleaseId id) {
        return state.releases().find(id.toString()).map(Versioned::value);
    }

    private DeploymentSnapshot snapshot(Work work) {
        Deployment deployment = work.deployment().value();
        List<JobView> jobs = new ArrayList<>();
        for (Versioned<JobRecord> job : state.jobs().table().list()) {
            view(job, deployment, work.run().createRevision()).ifPresent(jobs::add);
        }
        Map<String, Set<JobId>> registered = new HashMap<>();
        work.services().forEach((type, service) -> registered.put(type, working(deployment, type, service)));
        return new DeploymentSnapshot(
                state.clock().instant(),
                deployment,
                work.run().value(),
                work.oldTypes(),
                work.release().processes(),
                Math.max(1, state.hosts().list().size()),
                jobs,
                registered);
    }

    private static Optional<JobView> view(Versioned<JobRecord> read, Deployment deployment, long since) {
        JobRecord job = read.value();
        Optional<ReleaseId> release = job.release()
                .filter(id -> id.equals(deployment.newRelease())
                        || deployment.oldRelease().equals(Optional.of(id)));
        if (release.isEmpty() || job.type().isEmpty() || !job.app().equals(Optional.of(deployment.app()))) {
            return Optional.empty();
        }
        return Optional.of(new JobView(
                job.id(),
                release.get(),
                job.type().get(),
                job.state(),
                job.stopRequested(),
                job.exitStatus(),
                job.signal(),
                job.hostError(),
                job.startedAt(),
                job.updatedAt(),
                read.createRevision() > since));
    }

    /** The jobs of the new release that are registered, and have said that they are done where they are to say so. */
    private Set<JobId> working(Deployment deployment, String type, String service) {
        boolean marked = deployment.strategy() == Strategy.DISCOVERD_META;
        Set<String> done = marked ? marks.done(service) : Set.of();
        return discovery.instances(service).stream()
                .filter(instance -> !marked || done.contains(instance.addr()))
                .map(instance -> instance.meta())
                .filter(meta -> deployment.app().toString().equals(meta.get("FLYNN_APP_ID"))
                        && deployment.newRelease().toString().equals(meta.get("FLYNN_RELEASE_ID"))
                        && type.equals(meta.get("FLYNN_PROCESS_TYPE"))
                        && meta.containsKey("FLYNN_JOB_ID"))
                .map(meta -> new JobId(meta.get("FLYNN_JOB_ID")))
                .collect(Collectors.toSet());
    }

    /** One step as one transaction; if a record changed meanwhile, nothing happens and the next look decides anew. */
    private boolean commit(Work work, Act act) {
        DeploymentRun next = act.next();
        Transaction.Builder transaction = Transaction.builder();
        Deployment before = work.deployment().value();
        Deployment deployment = before;
        boolean over = false;
        boolean appWritten = false;
        for (Action action : act.actions()) {
            if (action instanceof Action.Tell tell) {
                tell(
                        transaction,
                        before,
                        tell.release(),
                        DeploymentStatus.RUNNING,
                        Optional.of(tell),
                        Optional.empty());
            } else if (action instanceof Action.Scale scale) {
                scale(transaction, work, scale);
            } else if (action instanceof Action.StopJobs stop) {
                stop(transaction, stop.jobs());
            } else if (action instanceof Action.ClearMarks clear) {
                clearMarks(work, clear.services());
            } else if (action instanceof Action.StopPeer stop) {
                databases.apply(work.release()).of(stop.service()).stop(stop.peer());
            } else if (action instanceof Action.DeleteFormation delete) {
                deleteFormation(transaction, work, delete.release());
            } else if (action instanceof Action.SetRelease) {
                currentRelease.set(transaction, work.app(), work.release());
                appWritten = true;
            } else if (action instanceof Action.MarkFinished) {
                deployment = withStatus(deployment, deployment.status());
                free(transaction, before);
            } else if (action instanceof Action.Finish finish) {
                deployment = withStatus(deployment, finish.status());
                free(transaction, before);
                tell(
                        transaction,
                        before,
                        before.newRelease(),
                        finish.status(),
                        Optional.empty(),
                        finish.status() == DeploymentStatus.FAILED
                                ? Optional.of(reason(work, next))
                                : Optional.empty());
                over = true;
            }
        }
        if (deployment.status() == DeploymentStatus.PENDING) {
            deployment = running(deployment);
        }
        state.deployments().replace(transaction, work.deployment(), deployment);
        if (!appWritten) {
            transaction.whenUnchanged(work.app().key(), work.app().modRevision());
        }
        if (over) {
            tables.runs().remove(transaction, work.run());
        } else {
            tables.runs().replace(transaction, work.run(), next);
        }
        if (!state.commit(transaction).committed()) {
            return false;
        }
        log.atInfo()
                .addKeyValue("deployment", before.id())
                .addKeyValue("app", before.app())
                .addKeyValue("phase", over ? deployment.status() : next.phase())
                .log("deployment advanced");
        return true;
    }

    /** Those that answer over HTTP. */
    private static Function<Release, DeploymentPlan.Databases> databasesOf(Discovery discovery) {
        var http = new ClusterHttp(discovery);
        return release -> new DeploymentPlan.Databases() {
            @Override
            public String type() {
                return release.env().getOrDefault(DATABASE_TYPE, POSTGRES);
            }

            @Override
            public SireniaAppliance of(String service) {
                return new HttpSireniaAppliance(discovery, http, service);
            }
        };
    }

    private void scale(Transaction.Builder transaction, Work work, Action.Scale scale) {
        Deployment deployment = work.deployment().value();
        Instant now = state.clock().instant();
        Optional<Versioned<Formation>> known = formation(deployment, scale.release());
        Map<String, Map<String, String>> tags = known.map(read -> read.value().tags())
                .orElseGet(() -> deployment
                        .oldRelease()
                        .flatMap(old -> formation(deployment, old))
                        .map(old -> old.value().tags())
                        .orElse(Map.of()));
        var formation = new Formation(
                deployment.app(),
                scale.release(),
                scale.processes(),
                tags,
                known.map(read -> read.value().createdAt()).orElse(now),
                now);
        formations.put(
                transaction,
                known,
                formation,
                Optional.of(scale.processes()).filter(processes -> !processes.isEmpty()));
    }

    private void stop(Transaction.Builder transaction, Set<JobId> jobs) {
        for (JobId id : jobs) {
            Versioned<JobRecord> job = state.jobs().table().get(id.value());
            state.jobs()
                    .replace(
                            transaction,
                            job,
                            job.value().withStopRequested(state.clock().instant()));
        }
    }

    /** Unless another worker noted already that it is done, for jobs may have said what they are since then. */
    private void clearMarks(Work work, Set<String> services) {
        String key = work.run().key();
        long revision = work.run().modRevision();
        services.forEach(service -> marks.clear(
                service,
                () -> state.store()
                        .get(key)
                        .filter(entry -> entry.modRevision() == revision)
                        .isPresent()));
    }

    /** Unless a later deployment of the same release wants it. */
    private void deleteFormation(Transaction.Builder transaction, Work work, ReleaseId release) {
        Deployment deployment = work.deployment().value();
        boolean wanted = tables.runs().list().stream()
                .filter(run -> !run.value().id().equals(deployment.id()))
                .map(run -> state.deployments().get(run.value().id().toString()).value())
                .anyMatch(other -> other.app().equals(deployment.app())
                        && other.newRelease().equals(release));
        if (!wanted) {
            formation(deployment, release).ifPresent(read -> formations.delete(transaction, read));
        }
    }

    private Optional<Versioned<Formation>> formation(Deployment deployment, ReleaseId release) {
        return state.formations().find(ClusterState.formationId(deployment.app(), release));
    }

    /** Adds: the app may be deployed again, if it is this deployment that keeps it from that. */
    private void free(Transaction.Builder transaction, Deployment deployment) {
        String key = ControllerTables.deployingKey(deployment.app());
        state.store()
                .get(key)
                .filter(entry -> entry.value().equals(deployment.id().toString()))
                .ifPresent(entry ->
                        transaction.whenUnchanged(key, entry.modRevision()).delete(key));
    }

    private Deployment running(Deployment deployment) {
        return withStatus(deployment, DeploymentStatus.RUNNING, deployment.finishedAt());
    }

    private Deployment withStatus(Deployment deployment, DeploymentStatus status) {
        return withStatus(
                deployment,
                status,
                deployment.finishedAt().or(() -> Optional.of(state.clock().instant())));
    }

    private static Deployment withStatus(Deployment deployment, DeploymentStatus status, Optional<Instant> finishedAt) {
        return new Deployment(
                deployment.id(),
                deployment.app(),
                deployment.oldRelease(),
                deployment.newRelease(),
                deployment.strategy(),
                status,
                deployment.processes(),
                deployment.deployTimeout(),
                deployment.createdAt(),
                finishedAt);
    }

    private void tell(
            Transaction.Builder transaction,
            Deployment deployment,
            ReleaseId release,
            DeploymentStatus status,
            Optional<Action.Tell> line,
            Optional<String> error) {
        var progress = new DeploymentProgress(
                deployment.app(),
                deployment.id(),
                release,
                status,
                line.flatMap(Action.Tell::type),
                line.flatMap(Action.Tell::state),
                error);
        state.events()
                .append(
                        transaction,
                        EventType.DEPLOYMENT,
                        Optional.of(deployment.app()),
                        deployment.id().toString(),
                        progress);
    }

    /** Why it failed, with the last lines of the job that made it fail. */
    private String reason(Work work, DeploymentRun run) {
        String reason = run.error().orElse("");
        if (run.suspect().isEmpty()) {
            return reason;
        }
        List<LogMessage> lines = lastLines(work.app().value(), run.suspect().get());
        if (lines.isEmpty()) {
            return reason + "\nit wrote nothing to its log";
        }
        return lines.stream()
                .map(line -> "\n    " + line.message())
                .collect(Collectors.joining("", reason + "\nits last lines:", ""));
    }

    private List<LogMessage> lastLines(App app, JobId job) {
        try {
            return logs.read(
                    app.id(), new AppLogs.Query(Optional.of(job.value()), Optional.empty(), OptionalInt.of(LOG_LINES)));
        } catch (RuntimeException e) {
            log.atWarn().addKeyValue("job", job).setCause(e).log("log of a failed job cannot be read");
            return List.of();
        }
    }

    /** The app is gone: the deployment failed, and nothing of it is left to do. */
    private void abandon(Versioned<DeploymentRun> run, Versioned<Deployment> deployment) {
        Transaction.Builder transaction = Transaction.builder();
        state.deployments().replace(transaction, deployment, withStatus(deployment.value(), DeploymentStatus.FAILED));
        tables.runs().remove(transaction, run);
        free(transaction, deployment.value());
        tell(
                transaction,
                deployment.value(),
                deployment.value().newRelease(),
                DeploymentStatus.FAILED,
                Optional.empty(),
                Optional.of("the app was deleted"));
        var unused = state.commit(transaction);
    }

    private void watch(String service) {
        WakeLoop wakes = loop;
        if (wakes != null && !watches.containsKey(service)) {
            watches.put(service, discovery.watch(service, new DiscoveryWatcher() {
                @Override
                public void onEvent(DiscoveryEvent event) {
                    wakes.wake();
                }

                @Override
                public void onEnd(FlynnException reason) {
                    watches.remove(service);
                    wakes.wake();
                }
            }));
        }
    }

    private void stopWatchingAllBut(Set<String> services) {
        watches.entrySet().removeIf(watch -> {
            if (services.contains(watch.getKey())) {
                return false;
            }
            watch.getValue().close();
            return true;
        });
    }

    @Override
    public void close() {
        stopWatchingAllBut(Set.of());
    }
}
