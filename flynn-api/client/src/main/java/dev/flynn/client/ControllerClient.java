package dev.flynn.client;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.AuditEntry;
import dev.flynn.api.access.IssuedKey;
import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.access.NewAccessKey;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.certificate.AcmeStatus;
import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentProgress;
import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.DeploymentId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.log.Sink;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Provider;
import dev.flynn.api.resource.Resource;
import dev.flynn.api.route.Route;
import dev.flynn.api.volume.Volume;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The controller's HTTP API (contract: controller). Thread-safe; every method blocks until the answer is there.
 *
 * <pre>{@code
 * try (var controller = ControllerClient.builder("https://controller.flynn.localhost").key(key).tlsPin(pin).build()) {
 *     App app = controller.createApp("ledger");
 * }
 * }</pre>
 *
 * <p>Failures are {@link FlynnException}: what the server says, with the message {@code <code>: <message>}; a missing
 * object is {@code OBJECT_NOT_FOUND}; methods named {@code find…} give an empty result instead. Failures that the server
 * calls repeatable are repeated every 100 ms for 10 s.
 */
public final class ControllerClient implements AutoCloseable {

    private static final Duration RETRY_PATIENCE = Duration.ofSeconds(10);
    private static final long RETRY_PAUSE_MILLIS = 100;
    private static final int MAX_REDIRECTS = 5;
    private static final int CHANGE_ATTEMPTS = 20;
    private static final int READ_TIMEOUT_MILLIS = 60_000;
    private static final int PIECE_BYTES = 64 * 1024;

    private final HttpTransport transport;
    private final JsonBinding json;

    private ControllerClient(Builder builder) {
        this.json = builder.json == null ? JsonBinding.later() : JsonBinding.of(builder.json);
        this.transport = new HttpTransport(
                Endpoint.of(builder.url), builder.key, builder.pin, builder.onBehalfOf, READ_TIMEOUT_MILLIS);
    }

    /** @param url base URL of the controller, http or https */
    public static Builder builder(String url) {
        return new Builder(url);
    }

    // apps

    /** @param name empty for a generated one */
    public App createApp(String name) {
        return createApp(name, Map.of());
    }

    public App createApp(String name, Map<String, String> meta) {
        Map<String, Object> body = new HashMap<>();
        if (!name.isEmpty()) {
            body.put("name", name);
        }
        if (!meta.isEmpty()) {
            body.put("meta", meta);
        }
        return createApp(body);
    }

    /** @param body any fields of an app, in their JSON names */
    public App createApp(Map<String, ?> body) {
        return call("POST", "/apps", body, App.class);
    }

    public List<App> apps() {
        return list("/apps", App.class);
    }

    /** Ids and names of all apps; the rest of the answer is not read, which makes a freshly started program a good deal faster. */
    public List<AppName> appNames() {
        return AppName.readList(exchangeText("GET", "/apps", null));
    }

    /** @param app id or name, as everywhere */
    public App app(String app) {
        return call("GET", appPath(app, ""), null, App.class);
    }

    public Optional<App> findApp(String app) {
        return find(() -> app(app));
    }

    /** Changes fields of an app, given by their JSON names; {@code meta} replaces all metadata. */
    public App updateApp(String app, Map<String, ?> fields) {
        return call("POST", appPath(app, ""), fields, App.class);
    }

    /** Replaces all metadata. */
    public App setMeta(String app, Map<String, String> meta) {
        return call("POST", appPath(app, "/meta"), Map.of("meta", meta), App.class);
    }

    /** Begins to delete an app; the event {@code app_deletion} tells when that is done. */
    public void deleteApp(String app) {
        callEmpty("DELETE", appPath(app, ""));
    }

    // releases and artifacts

    /** Creates an artifact, or gives the one that exists with this type and URI. */
    public Artifact createArtifact(String type, String uri) {
        return call("POST", "/artifacts", Map.of("type", type, "uri", uri), Artifact.class);
    }

    public Artifact artifact(ArtifactId id) {
        return call("GET", "/artifacts/" + id, null, Artifact.class);
    }

    /** Creates a release; its time is the server's. */
    public Release createRelease(Release release) {
        return call("POST", "/releases", release, Release.class);
    }

    public Release release(ReleaseId id) {
        return call("GET", "/releases/" + id, null, Release.class);
    }

    public Optional<Release> findRelease(ReleaseId id) {
        return find(() -> release(id));
    }

    /** The release as the server wrote it. */
    public String releaseJson(ReleaseId id) {
        return exchange("GET", "/releases/" + id, null);
    }

    /** The releases of an app, newest first. */
    public List<Release> appReleases(String app) {
        return list(appPath(app, "/releases"), Release.class);
    }

    /** The current release; empty before the first deployment. */
    public Optional<Release> findAppRelease(String app) {
        return find(() -> call("GET", appPath(app, "/release"), null, Release.class));
    }

    /** Sets the current release and touches no job. */
    public Release setAppRelease(String app, ReleaseId release) {
        return call("PUT", appPath(app, "/release"), Map.of("id", release), Release.class);
    }

    /** Begins to delete a release that is not current; the event {@code release_deletion} tells when that is done. */
    public void deleteRelease(String app, ReleaseId release) {
        callEmpty("DELETE", appPath(app, "/releases/" + release));
    }

    /**
     * Opens the slug of a release of an app; the caller closes it.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if there is none
     */
    public Download slug(String app, ReleaseId release) {
        return download(appPath(app, "/releases/" + release + "/slug"));
    }

    /**
     * Stores the slug of a release that has none yet.
     *
     * @param length of the content in bytes
     */
    public void putSlug(String app, ReleaseId release, long length, InputStream content) {
        String unused = upload(appPath(app, "/releases/" + release + "/slug"), "application/gzip", length, content);
    }

    /**
     * The artifact of an image that the app was sent before.
     *
     * @param digest SHA-256 of its archive, in hexadecimal digits
     */
    public Optional<Artifact> findImage(String app, String digest) {
        return find(() -> json.get().read(exchange("GET", imagePath(app, digest), null), Artifact.class));
    }

    /**
     * Sends an image, an archive as {@code docker save} writes it, and makes an artifact of it. It is sent once, as it comes, and
     * not repeated.
     *
     * @param digest SHA-256 of the archive; other content is refused
     * @param length of the archive in bytes
     */
    public Artifact putImage(String app, String digest, long length, InputStream archive) {
        return json.get().read(upload(imagePath(app, digest), "application/x-tar", length, archive), Artifact.class);
    }

    private static String imagePath(String app, String digest) {
        return appPath(app, "/images/" + digest);
    }

    private String upload(String target, String type, long length, InputStream content) {
        HttpReply reply = transport.upload(target, Map.of("Content-Type", type), length, content);
        try {
            if (reply.status() != 200) {
                throw Replies.failure("PUT", transport.endpoint().url() + target, reply, json.get());
            }
            return reply.text();
        } catch (IOException e) {
            throw transport.unreachable(e);
        } finally {
            reply.connection().close();
        }
    }

    // formations and jobs

    public Optional<Formation> findFormation(String app, ReleaseId release) {
        return find(() -> call("GET", appPath(app, "/formations/" + release), null, Formation.class));
    }

    public List<Formation> formations(String app) {
        return list(appPath(app, "/formations"), Formation.class);
    }

    /** Replaces the counts of all process types; types that are not named become zero. */
    public Formation putFormation(String app, ReleaseId release, Map<String, Integer> processes) {
        return call("PUT", appPath(app, "/formations/" + release), Map.of("processes", processes), Formation.class);
    }

    /**
     * Replaces counts and tags.
     *
     * @param tags which hosts may run the jobs of a process type, by the type
     */
    public Formation putFormation(
            String app, ReleaseId release, Map<String, Integer> processes, Map<String, Map<String, String>> tags) {
        return call(
                "PUT",
                appPath(app, "/formations/" + release),
                Map.of("processes", processes, "tags", tags),
                Formation.class);
    }

    public void deleteFormation(String app, ReleaseId release) {
        callEmpty("DELETE", appPath(app, "/formations/" + release));
    }

    /** Every job that is kept, newest first. */
    public List<Job> jobs(String app) {
        return list(appPath(app, "/jobs"), Job.class);
    }

    /** Stops a job and returns when it is down. */
    public void stopJob(String app, String job) {
        callEmpty("DELETE", appPath(app, "/jobs/" + QueryString.encode(job)));
    }

    /** Runs a one-off job in the background. */
    public JobId runJob(String app, NewJob job) {
        return new JobId(json.get().readTree(runJobJson(app, job)).path("id").asText());
    }

    /** As {@link #runJob}; returns the job as the controller wrote it. */
    public String runJobJson(String app, NewJob job) {
        return exchange("POST", appPath(app, "/jobs"), job);
    }

    /** Runs a one-off job connected to the caller, who closes it. */
    public AttachedJob attachJob(String app, NewJob job) {
        String target = appPath(app, "/jobs");
        HttpReply reply = transport.send(
                "POST",
                target,
                Map.of("Connection", "upgrade", "Upgrade", "flynn-attach/0"),
                json.get().writeBytes(job));
        try {
            if (reply.status() != 101) {
                try {
                    throw Replies.attachFailure(reply, json.get());
                } finally {
                    reply.connection().close();
                }
            }
            reply.connection().readTimeout(0);
            return new AttachedJob(reply);
        } catch (IOException e) {
            throw transport.unreachable(e);
        }
    }

    // deployments

    /** Begins to move an app to a release. */
    public Deployment deploy(String app, ReleaseId release) {
        return call("POST", appPath(app, "/deploy"), Map.of("id", release), Deployment.class);
    }

    /**
     * Begins to move an app to a release that was made from its current one.
     *
     * @param made the current release, of which the new one was made; empty if the app had none
     * @throws FlynnException {@code CONFLICT} if somebody else released meanwhile: the new release would undo that. See {@link
     *     #changeRelease}
     */
    public Deployment deploy(String app, ReleaseId release, Optional<Release> made) {
        String old = made.map(Release::id).map(ReleaseId::toString).orElse("");
        return call("POST", appPath(app, "/deploy"), Map.of("id", release, "old_release", old), Deployment.class);
    }

    /**
     * Makes a release from the app's current one, moves the app to it, and returns when that is done. When somebody else
     * releases meanwhile, it is made again, from theirs: neither change is lost.
     *
     * @param change makes the new release of the current one, which is empty for an app without any; may be asked several times
     * @param progress is told each step of the deployment
     * @throws FlynnException the deployment failed, with the reason, or gave no sign of life in its time; {@code VALIDATION} while
     *     another one is under way
     */
    public Release changeRelease(
            String app, Function<Optional<Release>, Release> change, Consumer<DeploymentProgress> progress) {
        for (int attempt = 1; ; attempt++) {
            Optional<Release> current = findAppRelease(app);
            Release created = createRelease(change.apply(current));
            Deployment deployment;
            try {
                deployment = deploy(app, created.id(), current);
            } catch (FlynnException e) {
                if (e.code() == ErrorCode.CONFLICT && attempt < CHANGE_ATTEMPTS) {
                    continue;
                }
                throw e;
            }
            await(app, deployment, progress);
            return created;
        }
    }

    /**
     * Begins to replace running jobs by new ones of the same release.
     *
     * @param type whose jobs; empty for those of all types
     */
    public Deployment restart(String app, Optional<String> type) {
        return call("POST", appPath(app, "/restart"), Map.of("type", type.orElse("")), Deployment.class);
    }

    /** Lets a deployment fail, so that the former formation comes back; it is over only when its status says so. */
    public Deployment cancelDeployment(String app, DeploymentId deployment) {
        return call("POST", appPath(app, "/deployments/" + deployment + "/cancel"), null, Deployment.class);
    }

    /** Lets a deployment with strategy {@code canary} go on. */
    public Deployment promoteDeployment(String app, DeploymentId deployment) {
        return call("POST", appPath(app, "/deployments/" + deployment + "/promote"), null, Deployment.class);
    }

    public List<Deployment> deployments(String app) {
        return list(appPath(app, "/deployments"), Deployment.class);
    }

    /**
     * Moves an app to a release and returns when that is done.
     *
     * @param progress is told each step
     * @throws FlynnException the deployment failed, with the reason, or gave no sign of life in its time
     */
    public void deployAndWait(String app, ReleaseId release, Consumer<DeploymentProgress> progress) {
        await(app, deploy(app, release), progress);
    }

    /**
     * Returns when a deployment is done.
     *
     * @param progress is told each step
     * @throws FlynnException the deployment failed, with the reason, or gave no sign of life in its time
     */
    public void await(String app, Deployment deployment, Consumer<DeploymentProgress> progress) {
        if (deployment.status().isFinished()) {
            return;
        }
        int seconds = deployment.deployTimeout() > 0 ? deployment.deployTimeout() : App.DEFAULT_DEPLOY_TIMEOUT;
        // the server gives up after a minute of silence at the earliest, and knows the reason then
        Duration patience = Duration.ofSeconds(Math.max(seconds, 60) + 15L);
        var filter = new EventFilter(
                Optional.of(app),
                List.of(EventType.DEPLOYMENT),
                Optional.of(deployment.id().toString()),
                true);
        try (EventStream events = events(filter)) {
            while (true) {
                Event event = next(events, patience)
                        .orElseThrow(
                                () -> FlynnException.internal("timed out waiting for deployment completion", null));
                DeploymentProgress step = json.get().read(event.data(), DeploymentProgress.class);
                progress.accept(step);
                switch (step.status()) {
                    case COMPLETE -> {
                        return;
                    }
                    case FAILED -> throw FlynnException.invalid(step.error().orElse("the deployment failed"));
                    case PENDING, RUNNING -> {}
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while waiting for the deployment", e);
        }
    }

    private static Optional<Event> next(EventStream events, Duration patience) throws InterruptedException {
        try {
            return events.next(patience);
        } catch (FlynnException lost) {
            throw FlynnException.unavailable("unexpected close of deployment event stream", lost);
        }
    }

    // routes

    public List<Route> routes(String app) {
        return list(appPath(app, "/routes"), Route.class);
    }

    /** @param id as users see it: {@code http/<uuid>} */
    public Route route(String app, String id) {
        return call("GET", appPath(app, "/routes/" + id), null, Route.class);
    }

    /** @param fields of the route, by their JSON names */
    public Route createRoute(String app, Map<String, ?> fields) {
        return call("POST", appPath(app, "/routes"), fields, Route.class);
    }

    public Route updateRoute(String app, Route route) {
        return call("PUT", appPath(app, "/routes/" + route.formattedId()), route, Route.class);
    }

    /** How it stands with the certificate that the cluster gets for a route with {@link Route#autoTls}. */
    public DomainCertificate routeCertificate(String app, String id) {
        return call("GET", appPath(app, "/routes/" + id + "/certificate"), null, DomainCertificate.class);
    }

    public void deleteRoute(String app, String id) {
        callEmpty("DELETE", appPath(app, "/routes/" + id));
    }

    // providers and resources

    public List<Provider> providers() {
        return list("/providers", Provider.class);
    }

    public Provider provider(String idOrName) {
        return call("GET", "/providers/" + QueryString.encode(idOrName), null, Provider.class);
    }

    public Provider createProvider(String name, String url) {
        return call("POST", "/providers", Map.of("name", name, "url", url), Provider.class);
    }

    public List<Resource> resources(String app) {
        return list(appPath(app, "/resources"), Resource.class);
    }

    public Resource provision(String provider, String app) {
        return call(
                "POST",
                "/providers/" + QueryString.encode(provider) + "/resources",
                Map.of("apps", List.of(app)),
                Resource.class);
    }

    public Resource deprovision(String provider, String resource) {
        return call(
                "DELETE",
                "/providers/" + QueryString.encode(provider) + "/resources/" + QueryString.encode(resource),
                null,
                Resource.class);
    }

    // volumes

    /** The app's volumes, newest first. */
    public List<Volume> volumes(String app) {
        return list(appPath(app, "/volumes"), Volume.class);
    }

    public Volume volume(String app, String id) {
        return call("GET", appPath(app, "/volumes/" + QueryString.encode(id)), null, Volume.class);
    }

    /** No new job gets the volume; its data stays until an operator deletes it. */
    public Volume decommissionVolume(String app, String id) {
        return call("PUT", appPath(app, "/volumes/" + QueryString.encode(id) + "/decommission"), null, Volume.class);
    }

    // streams

    /** Subscribes to events; what happens after this call returned is not missed. The caller closes the stream. */
    public EventStream events(EventFilter filter) {
        return new EventStream(transport, json.get(), filter);
    }

    /** Reads an app's log; the caller closes it. */
    public LogLines log(String app, LogOptions options) {
        var query = new QueryString(appPath(app, "/log"));
        if (options.follow()) {
            query.add("follow", "true");
        }
        options.lines().ifPresent(lines -> query.add("lines", String.valueOf(lines)));
        options.jobId().ifPresent(job -> query.add("job_id", job));
        options.processType().ifPresent(type -> query.add("process_type", type));
        HttpReply reply = transport.send("GET", query.toString(), Map.of(), new byte[0]);
        try {
            if (reply.status() != 200) {
                throw Replies.failure("GET", transport.endpoint().url() + query, reply, json.get());
            }
            reply.connection().readTimeout(0);
            return new LogLines(reply, json.get());
        } catch (IOException e) {
            reply.connection().close();
            throw transport.unreachable(e);
        }
    }

    // keys and what was done with them

    /** Whose key this client has. */
    public KeyHolder keyHolder() {
        return call("GET", "/access", null, KeyHolder.class);
    }

    /** Named keys, with those that were revoked or have expired of late. */
    public List<AccessKey> accessKeys() {
        return list("/access-keys", AccessKey.class);
    }

    public IssuedKey createAccessKey(NewAccessKey key) {
        return call("POST", "/access-keys", key, IssuedKey.class);
    }

    public AccessKey revokeAccessKey(String name) {
        return call("DELETE", "/access-keys/" + QueryString.encode(name), null, AccessKey.class);
    }

    /** Who changed what, newest first. */
    public List<AuditEntry> audit(AuditFilter filter) {
        return list(filter.target(), AuditEntry.class);
    }

    /** The newest entries, if the filter has a count, then every later one; the caller closes it. */
    public AuditStream followAudit(AuditFilter filter) {
        String target = filter.target();
        HttpReply reply = transport.send("GET", target, Map.of("Accept", "text/event-stream"), new byte[0]);
        try {
            if (reply.status() != 200) {
                throw Replies.failure("GET", transport.endpoint().url() + target, reply, json.get());
            }
            reply.connection().readTimeout(0);
            return new AuditStream(reply, json.get());
        } catch (IOException e) {
            reply.connection().close();
            throw transport.unreachable(e);
        }
    }

    // the cluster

    /** The certificate authority of the cluster, as PEM. */
    public String caCertificate() {
        return exchange("GET", "/ca-cert", null);
    }

    /**
     * Writes a new backup of the cluster, a tar archive, as it comes.
     *
     * @throws IOException {@code out} does not take it
     */
    public void backup(OutputStream out) throws IOException {
        try (Download backup = download("/backup")) {
            byte[] piece = new byte[PIECE_BYTES];
            for (int count = read(backup, piece); count >= 0; count = read(backup, piece)) {
                out.write(piece, 0, count);
            }
        }
    }

    private Download download(String target) {
        HttpReply reply = transport.send("GET", target, Map.of(), new byte[0]);
        if (reply.status() == 200) {
            return new Download(reply);
        }
        try {
            throw Replies.failure("GET", transport.endpoint().url() + target, reply, json.get());
        } catch (IOException e) {
            throw transport.unreachable(e);
        } finally {
            reply.connection().close();
        }
    }

    private int read(Download download, byte[] piece) {
        try {
            return download.content().read(piece);
        } catch (IOException e) {
            throw transport.unreachable(e);
        }
    }

    /** Begins to move the cluster to another domain; events of type {@code domain_migration} tell how that goes. */
    public DomainMigration migrateDomain(String oldDomain, String domain) {
        return call("PUT", "/domain", Map.of("old_domain", oldDomain, "domain", domain), DomainMigration.class);
    }

    /** The authority from which the cluster gets certificates, and how it stands with each domain. */
    public AcmeStatus acme() {
        return call("GET", "/acme", null, AcmeStatus.class);
    }

    /** Sets the authority; what failed before is tried again at once. */
    public AcmeStatus enableAcme(AcmeSettings settings) {
        return call("PUT", "/acme", settings, AcmeStatus.class);
    }

    /** Gets no certificates any more. */
    public void disableAcme() {
        callEmpty("DELETE", "/acme");
    }

    /** Where logs are sent beside the cluster's own aggregators, newest first. */
    public List<Sink> sinks() {
        return list("/sinks", Sink.class);
    }

    public Sink createSink(String kind, Sink.Config config) {
        return call("POST", "/sinks", Map.of("kind", kind, "config", config), Sink.class);
    }

    public Sink deleteSink(String id) {
        return call("DELETE", "/sinks/" + QueryString.encode(id), null, Sink.class);
    }

    /** What the controller says of itself: {@code data.status}, {@code data.version}, {@code data.detail}. */
    public JsonNode status() {
        String status = exchange("GET", "/.well-known/status", null);
        return json.get().readTree(status).path("data");
    }

    @Override
    public void close() {
        transport.close();
    }

    // how calls are made

    private static String appPath(String app, String rest) {
        return "/apps/" + QueryString.encode(app) + rest;
    }

    private <T> T call(String method, String target, @Nullable Object body, Class<T> type) {
        String answer = exchange(method, target, body);
        return json.get().read(answer, type);
    }

    private <T> List<T> list(String target, Class<T> type) {
        String answer = exchange("GET", target, null);
        return json.get().readList(answer, type);
    }

    private void callEmpty(String method, String target) {
        exchange(method, target, null);
    }

    private interface Call<T> {
        T run();
    }

    private static <T> Optional<T> find(Call<T> call) {
        try {
            return Optional.of(call.run());
        } catch (FlynnException e) {
            if (Replies.isMissing(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private String exchange(String method, String target, @Nullable Object body) {
        json.prepare();
        return exchangeText(method, target, body);
    }

    private String exchangeText(String method, String target, @Nullable Object body) {
        byte[] bytes = body == null ? new byte[0] : json.get().writeBytes(body);
        long deadline = System.nanoTime() + RETRY_PATIENCE.toNanos();
        while (true) {
            try {
                return exchangeOnce(method, target, bytes);
            } catch (FlynnException e) {
                boolean serverAsksToRepeat = e.retry() && e.getCause() == null;
                if (!serverAsksToRepeat || System.nanoTime() > deadline) {
                    throw e;
                }
                pause(e);
            }
        }
    }

    private String exchangeOnce(String method, String target, byte[] body) {
        return exchangeOnce(transport, method, target, body, MAX_REDIRECTS);
    }

    private String exchangeOnce(HttpTransport at, String method, String target, byte[] body, int redirects) {
        HttpReply reply = at.send(method, target, Map.of(), body);
        try {
            Optional<String> location = reply.header("location");
            if (reply.status() == 307 && location.isPresent() && redirects > 0) {
                reply.connection().close();
                Endpoint elsewhere = Endpoint.of(location.get());
                try (HttpTransport other = at.to(elsewhere)) {
                    return exchangeOnce(other, method, elsewhere.target(location.get()), body, redirects - 1);
                }
            }
            if (reply.status() != 200) {
                throw Replies.failure(method, at.endpoint().url() + target, reply, json.get());
            }
            String text = reply.text();
            at.done(reply);
            return text;
        } catch (IOException e) {
            reply.connection().close();
            throw at.unreachable(e);
        } catch (FlynnException e) {
            reply.connection().close();
            throw e;
        }
    }

    private static void pause(FlynnException reason) {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw reason;
        }
    }

    /** Collects what a client needs. */
    public static final class Builder {

        private final String url;
        private String key = "";
        private Optional<String> pin = Optional.empty();
        private Optional<String> onBehalfOf = Optional.empty();
        private @Nullable FlynnJson json;

        private Builder(String url) {
            this.url = requireNonNull(url, "url");
        }

        public Builder key(String value) {
            this.key = requireNonNull(value, "key");
            return this;
        }

        /** Standard base64 of the SHA-256 of the server's certificate; then nothing else of it is checked. */
        public Builder tlsPin(String value) {
            this.pin = Optional.of(value).filter(text -> !text.isEmpty());
            return this;
        }

        /** The name of the key of whoever asked for this, for the audit; a key that is not all-powerful is not believed. */
        public Builder onBehalfOf(String name) {
            this.onBehalfOf = Optional.of(name);
            return this;
        }

        public Builder json(FlynnJson value) {
            this.json = requireNonNull(value, "json");
            return this;
        }

        /** Opens no connection yet. */
        public ControllerClient build() {
            return new ControllerClient(this);
        }
    }
}
