package dev.flynn.git;

import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.access.Scope;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A controller with one app, whose jobs are up at once unless a test says otherwise. */
final class FakeController implements Controller {

    static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");

    final App app =
            new App(AppId.random(), "shop", Map.of(), Strategy.ALL_AT_ONCE, Optional.empty(), 30, false, NOW, NOW);
    final List<FakeBuild> builds = new CopyOnWriteArrayList<>();
    final List<Release> releases = new CopyOnWriteArrayList<>();
    final List<Artifact> artifacts = new CopyOnWriteArrayList<>();
    final Map<ReleaseId, Map<String, Integer>> formations = new ConcurrentHashMap<>();
    final Set<String> deployed = ConcurrentHashMap.newKeySet();

    volatile FakeBuild.Program program = FakeBuild.SUCCESS;
    volatile Optional<String> deploymentError = Optional.empty();
    volatile OptionalInt webExits = OptionalInt.empty();
    volatile @Nullable Release current;
    volatile Runnable beforeDeployment = () -> {};
    volatile Runnable duringDeployment = () -> {};
    private volatile Optional<Deployment> underWay = Optional.empty();

    /** What holders of keys may do, by key; the cluster's own key is not among them. */
    final Map<String, KeyHolder> holders = new ConcurrentHashMap<>();

    /** For whom the controller was asked to do something, in turn. */
    final List<String> askedFor = new CopyOnWriteArrayList<>();

    private final FakeDiscovery discovery;
    private final BlockingQueue<Job> events = new LinkedBlockingQueue<>();

    FakeController(FakeDiscovery discovery) {
        this.discovery = discovery;
    }

    /** This controller as it is for a key. */
    Controller as(String key, Optional<String> onBehalfOf) {
        if (key.equals(GitServer.KEY)) {
            onBehalfOf.ifPresent(askedFor::add);
            return this;
        }
        return (Controller) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {Controller.class}, (proxy, method, arguments) -> {
                    KeyHolder holder = holders.get(key);
                    if (holder == null) {
                        throw new FlynnException(ErrorCode.UNAUTHORIZED, "unexpected status 401");
                    }
                    return switch (method.getName()) {
                        case "keyHolder" -> holder;
                        case "findApp" -> findAppFor(holder, (String) arguments[0]);
                        case "close" -> null;
                        default -> throw new UnsupportedOperationException(method.getName());
                    };
                });
    }

    private Optional<App> findAppFor(KeyHolder holder, String name) {
        boolean mayUse =
                holder.scopes().stream().flatMap(scope -> scope.app().stream()).allMatch(own -> own.equals(app.id()));
        if (!mayUse) {
            throw new FlynnException(
                    ErrorCode.UNAUTHORIZED, "unauthorized: the key %s is for one app".formatted(holder.name()));
        }
        return findApp(name);
    }

    @Override
    public KeyHolder keyHolder() {
        return new KeyHolder("auth-key-1", List.of(Scope.ADMIN));
    }

    @Override
    public Optional<App> findApp(String nameOrId) {
        return Optional.of(app)
                .filter(known -> Set.of(known.name(), known.id().toString()).contains(nameOrId));
    }

    @Override
    public Optional<Release> findAppRelease(String name) {
        return Optional.ofNullable(current);
    }

    @Override
    public boolean hasFormation(String name, ReleaseId release) {
        return formations.containsKey(release);
    }

    @Override
    public Artifact createArtifact(String type, String uri) {
        return artifacts.stream()
                .filter(artifact -> artifact.uri().equals(uri))
                .findFirst()
                .orElseGet(() -> {
                    var artifact = new Artifact(ArtifactId.random(), type, uri, NOW);
                    artifacts.add(artifact);
                    return artifact;
                });
    }

    @Override
    public Release createRelease(Release release) {
        releases.add(release);
        return release;
    }

    @Override
    public Deployment deploy(String name, ReleaseId id, Optional<Release> made) {
        beforeDeployment.run();
        if (underWay.isPresent()) {
            throw FlynnException.invalid("Cannot create deploy, there is already one in progress for this app.");
        }
        if (!Optional.ofNullable(current).map(Release::id).equals(made.map(Release::id))) {
            throw new FlynnException(ErrorCode.CONFLICT, "released meanwhile");
        }
        return deployment(id);
    }

    private Deployment deployment(ReleaseId id) {
        return new Deployment(
                DeploymentId.random(),
                app.id(),
                Optional.ofNullable(current).map(Release::id),
                id,
                app.strategy(),
                DeploymentStatus.PENDING,
                Map.of(),
                30,
                NOW,
                Optional.empty());
    }

    /** Somebody else deploys: it is under way until it is awaited. */
    void othersDeploy(Release release) {
        releases.add(release);
        underWay = Optional.of(deployment(release.id()));
    }

    @Override
    public Optional<Deployment> deploymentUnderWay(String name) {
        return underWay;
    }

    @Override
    public void await(String name, Deployment deployment) {
        underWay = Optional.empty();
        if (deploymentError.isPresent()) {
            throw FlynnException.invalid(deploymentError.get());
        }
        ReleaseId id = deployment.newRelease();
        Release before = current;
        if (before != null && formations.containsKey(before.id())) {
            formations.put(id, formations.get(before.id()));
        }
        current = releases.stream()
                .filter(release -> release.id().equals(id))
                .findFirst()
                .orElseThrow();
        deployed.add(id.toString());
        duringDeployment.run();
    }

    @Override
    public void putFormation(String name, ReleaseId release, Map<String, Integer> processes) {
        formations.put(release, processes);
        var job = JobId.random("host");
        if (webExits.isPresent()) {
            events.add(job(job, release, JobState.UP, OptionalInt.empty()));
            events.add(job(job, release, JobState.DOWN, webExits));
        } else {
            events.add(job(job, release, JobState.UP, OptionalInt.empty()));
            discovery.register(
                    "shop-web", Instance.of("tcp", "127.0.0.1:1", Map.of("FLYNN_RELEASE_ID", release.toString())));
        }
    }

    private Job job(JobId id, ReleaseId release, JobState state, OptionalInt status) {
        return new Job(
                id,
                app.id(),
                release,
                Optional.of("web"),
                state,
                List.of("start", "web"),
                Map.of(),
                status,
                Optional.empty(),
                0,
                NOW,
                NOW);
    }

    @Override
    public void deleteFormation(String name, ReleaseId release) {
        formations.remove(release);
    }

    @Override
    public AttachedBuild attachJob(String name, NewJob job) {
        var build = new FakeBuild(job, program);
        builds.add(build);
        return build;
    }

    @Override
    public JobEvents jobEvents(String name) {
        return new JobEvents() {
            @Override
            public Optional<Job> next(Duration patience) throws InterruptedException {
                return Optional.ofNullable(events.poll(patience.toMillis(), TimeUnit.MILLISECONDS));
            }

            @Override
            public void close() {
                events.clear();
            }
        };
    }

    @Override
    public List<String> lastLines(String name, JobId job, int lines) {
        return List.of("starting", "cannot find my database");
    }

    @Override
    public void close() {
        // shared by all pushes of a test
    }
}
