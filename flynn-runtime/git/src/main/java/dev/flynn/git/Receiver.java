package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.git.Controller.AttachedBuild;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a pushed commit into a running release (contract: layer 1, flynn-receiver). Thread-safe. */
final class Receiver {

    private static final Logger log = LoggerFactory.getLogger(Receiver.class);
    private static final String SLUG_URL = "SLUG_URL";
    private static final String WEB = "web";
    private static final int CHUNK_BYTES = 64 * 1024;

    private final ClusterServices services;
    private final Slugs slugs;
    private final BuildImages images;
    private final Clock clock;
    private final Executor workers;

    /** @param workers asks the controller for what is needed later */
    Receiver(ClusterServices services, Slugs slugs, BuildImages images, Clock clock, Executor workers) {
        this.services = services;
        this.slugs = slugs;
        this.images = images;
        this.clock = clock;
        this.workers = workers;
    }

    /** The same, for whoever has a key of that name. */
    Receiver onBehalfOf(String name) {
        return new Receiver(services.onBehalfOf(name), slugs, images, clock, workers);
    }

    /**
     * Builds, releases, deploys, and starts the first web job of an app.
     *
     * @param abort is obeyed until the deployment begins; what is deployed then is deployed
     * @return when what was deployed can be reached
     * @throws FlynnException the app was not deployed; the message is for the pusher
     */
    Settling deploy(App app, Repository repository, ObjectId commit, Pusher pusher, Abort abort) throws IOException {
        String id = app.id().toString();
        try (Controller controller = services.controller()) {
            CompletableFuture<Artifact> builder = artifact(controller, images.slugbuilder());
            CompletableFuture<Artifact> runner = artifact(controller, images.slugrunner());
            Optional<Release> previous = controller.findAppRelease(id);
            pusher.line("-----> Building " + app.name() + "...");
            String slug = Slugs.fresh();
            Releasing releasing;
            try {
                var source = new Source(
                        repository, commit, previous.map(Release::env).orElse(Map.of()));
                List<String> types = build(controller, app, previous, builder, source, slug, pusher, abort);
                pusher.line("-----> Creating release...");
                releasing = new Releasing(
                        controller, id, current -> release(app, current, Answers.of(runner), commit, slug, types));
                releasing.make();
            } catch (FlynnException | IOException e) {
                slugs.delete(slug);
                throw e;
            }
            if (releasing.scaledBefore() || !releasing.release().processes().containsKey(WEB)) {
                releasing.deploy(pusher, abort);
                pusher.line("=====> Application deployed");
                return Settling.NOTHING;
            }
            try (FirstStart first = firstStart(controller, app, releasing)) {
                releasing.deploy(pusher, abort);
                pusher.line("=====> Application deployed");
                if (first.isOf(releasing.release())) {
                    return started(first, releasing, pusher);
                }
            }
            try (FirstStart first = firstStart(controller, app, releasing)) {
                return started(first, releasing, pusher);
            }
        }
    }

    private FirstStart firstStart(Controller controller, App app, Releasing releasing) {
        return new FirstStart(controller, services.discovery(), app, releasing.release(), workers);
    }

    private static Settling started(FirstStart first, Releasing releasing, Pusher pusher) {
        if (releasing.scaledBefore() || first.isScaled()) {
            return Settling.NOTHING;
        }
        pusher.line("=====> Waiting for web job to start...");
        Settling settling = first.scaleWebToOne();
        pusher.line("=====> Added default web=1 formation");
        return settling;
    }

    private CompletableFuture<Artifact> artifact(Controller controller, String image) {
        return CompletableFuture.supplyAsync(() -> controller.createArtifact(Artifact.HOST, image), workers);
    }

    private record Source(Repository repository, ObjectId commit, Map<String, String> environment) {}

    private List<String> build(
            Controller controller,
            App app,
            Optional<Release> previous,
            CompletableFuture<Artifact> builder,
            Source source,
            String slug,
            Pusher pusher,
            Abort abort)
            throws IOException {
        abort.check();
        NewJob newJob = buildJob(app, previous, builder, slug);
        var output = new BuildOutput(pusher::line);
        int status;
        try (AttachedBuild job = controller.attachJob(app.id().toString(), newJob)) {
            abort.endsBy(job::kill);
            Thread sender = new Thread(() -> send(source, job, pusher), "git-source");
            sender.setDaemon(true);
            sender.start();
            status = job.run(output::write);
        } finally {
            abort.endsByNothing();
            output.finish();
        }
        abort.check();
        if (status != 0) {
            throw FlynnException.invalid("Build failed: exit status " + status);
        }
        // a builder that a signal ended has no status of its own
        if (!slugs.exists(slug)) {
            throw FlynnException.invalid("Build failed: the builder was ended before it stored what it had built");
        }
        return output.processTypes();
    }

    private NewJob buildJob(App app, Optional<Release> previous, CompletableFuture<Artifact> builder, String slug) {
        String cache = Slugs.cacheOf(app.id());
        Map<String, String> env = new HashMap<>(images.env());
        if (slugs.exists(cache)) {
            env.put("BUILD_CACHE_URL", slugs.signedUrl("GET", cache));
        }
        env.put("BUILD_CACHE_UPLOAD_URL", slugs.signedUrl("PUT", cache));
        previous.map(release -> release.env().get("BUILDPACK_URL")).ifPresent(url -> env.put("BUILDPACK_URL", url));
        return new NewJob(
                previous.map(Release::id),
                Optional.of(Answers.of(builder).id()),
                false,
                List.of(slugs.signedUrl("PUT", slug)),
                List.of(),
                env,
                Map.of(),
                false,
                0,
                0,
                true,
                Map.of(),
                false,
                Optional.of(Priority.BACKGROUND));
    }

    private static void send(Source source, AttachedBuild job, Pusher pusher) {
        try (OutputStream stdin = new BufferedOutputStream(new JobStdin(job), CHUNK_BYTES)) {
            SourceTar.write(
                    source.repository(),
                    source.commit(),
                    source.environment(),
                    stdin,
                    path -> pusher.line(" !     Submodule " + path
                            + " is left out: submodules are not fetched when an app is built."));
        } catch (IOException e) {
            log.atInfo().setCause(e).log("the builder did not read all of the source");
        }
    }

    /** What was built, with everything else as it is in the current release. */
    private Release release(
            App app, Optional<Release> current, Artifact runner, ObjectId commit, String slug, List<String> types) {
        Map<String, String> env = new HashMap<>(current.map(Release::env).orElse(Map.of()));
        env.put(SLUG_URL, Slugs.lastingUrl(slug));
        Map<String, String> meta = new HashMap<>(current.map(Release::meta).orElse(Map.of()));
        meta.put("git", "true");
        meta.put("git.commit", commit.name());
        return new Release(
                ReleaseId.random(),
                Optional.of(app.id()),
                List.of(runner.id()),
                env,
                meta,
                ProcessTypes.ofRelease(
                        app.name(), types, current.map(Release::processes).orElse(Map.of())),
                clock.instant());
    }

    /** Writes to a job; closing is end of file. */
    private static final class JobStdin extends OutputStream {
        private final AttachedBuild job;

        JobStdin(AttachedBuild job) {
            this.job = job;
        }

        @Override
        public void write(int b) throws IOException {
            job.stdin(new byte[] {(byte) b}, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (length > 0) {
                job.stdin(Arrays.copyOfRange(bytes, offset, offset + length), length);
            }
        }

        @Override
        public void close() throws IOException {
            job.closeStdin();
        }
    }
}
