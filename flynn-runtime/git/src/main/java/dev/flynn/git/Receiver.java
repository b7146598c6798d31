package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.base.BlobSignature;
import dev.flynn.client.AttachedJob;
import dev.flynn.client.ControllerClient;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Repository;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a pushed commit into a running release (contract: layer 1, flynn-receiver). Thread-safe. */
final class Receiver {

    private static final Logger log = LoggerFactory.getLogger(Receiver.class);
    private static final String SLUG_URL = "SLUG_URL";

    private final ClusterServices services;
    private final BuildImages images;
    private final BlobSignature signature;
    private final Clock clock;

    Receiver(ClusterServices services, BuildImages images, BlobSignature signature, Clock clock) {
        this.services = services;
        this.images = images;
        this.signature = signature;
        this.clock = clock;
    }

    /** @throws FlynnException the app was not deployed; the message is for the pusher */
    void deploy(App app, Repository repository, ObjectId commit, Pusher pusher) throws IOException {
        try (ControllerClient controller = services.controller()) {
            Optional<Release> previous = controller.findAppRelease(app.id().toString());
            pusher.line("-----> Building " + app.name() + "...");
            String slug = "/" + UUID.randomUUID() + ".tgz";
            List<String> output = build(controller, app, previous, repository, commit, slug, pusher);
            pusher.line("-----> Creating release...");
            Release release = createRelease(controller, app, previous, slug, ProcessTypes.declaredIn(output));
            controller.deployAndWait(app.id().toString(), release.id(), step -> {});
            var firstStart = new FirstStart(controller, services.discovery(), app, release);
            boolean scaled = previous.isPresent()
                    && controller
                            .findFormation(app.id().toString(), previous.get().id())
                            .isPresent();
            boolean wanted = release.processes().containsKey("web")
                    && !scaled
                    && controller
                            .findFormation(app.id().toString(), release.id())
                            .isEmpty();
            pusher.line("=====> Application deployed");
            if (wanted) {
                pusher.line("=====> Waiting for web job to start...");
                firstStart.scaleWebToOne();
                pusher.line("=====> Added default web=1 formation");
            }
        }
    }

    private List<String> build(
            ControllerClient controller,
            App app,
            Optional<Release> previous,
            Repository repository,
            ObjectId commit,
            String slug,
            Pusher pusher)
            throws IOException {
        Artifact builder = controller.createArtifact(Artifact.HOST, images.slugbuilder());
        Map<String, String> environment = previous.map(Release::env).orElse(Map.of());
        var output = new BuildOutput(pusher);
        try (AttachedJob job = controller.attachJob(app.id().toString(), buildJob(app, previous, builder, slug))) {
            Thread sender = new Thread(() -> send(repository, commit, environment, job, pusher), "git-source");
            sender.setDaemon(true);
            sender.start();
            int status = job.run(output::write);
            output.finish();
            if (status != 0) {
                throw FlynnException.invalid("Build failed: the builder ended with status " + status);
            }
        }
        return output.lines();
    }

    private NewJob buildJob(App app, Optional<Release> previous, Artifact builder, String slug) {
        String blobstore = services.url("blobstore");
        String cache = "/" + app.id() + "-cache.tgz";
        Map<String, String> env = new HashMap<>();
        env.put("BUILD_CACHE_URL", signed(blobstore, "GET", cache));
        env.put("BUILD_CACHE_UPLOAD_URL", signed(blobstore, "PUT", cache));
        previous.map(release -> release.env().get("BUILDPACK_URL")).ifPresent(url -> env.put("BUILDPACK_URL", url));
        return new NewJob(
                previous.map(Release::id),
                Optional.of(builder.id()),
                false,
                List.of(signed(blobstore, "PUT", slug)),
                List.of(),
                env,
                Map.of(),
                false,
                0,
                0,
                true,
                Map.of());
    }

    private String signed(String blobstore, String method, String path) {
        return blobstore + path + "?" + BlobSignature.PARAMETER + "=" + signature.sign(method, path);
    }

    private static void send(
            Repository repository, ObjectId commit, Map<String, String> environment, AttachedJob job, Pusher pusher) {
        try (OutputStream stdin = new java.io.BufferedOutputStream(new JobStdin(job), 64 * 1024)) {
            SourceTar.write(
                    repository,
                    commit,
                    environment,
                    stdin,
                    path -> pusher.line(" !     submodule " + path + " is not fetched"));
        } catch (IOException e) {
            log.atInfo().setCause(e).log("the builder did not read all of the source");
        }
    }

    private Release createRelease(
            ControllerClient controller, App app, Optional<Release> previous, String slug, List<String> types) {
        Artifact runner = controller.createArtifact(Artifact.HOST, images.slugrunner());
        Map<String, String> env = new HashMap<>(previous.map(Release::env).orElse(Map.of()));
        env.put(SLUG_URL, "http://blobstore.discoverd" + slug);
        Map<String, String> meta = new HashMap<>(previous.map(Release::meta).orElse(Map.of()));
        meta.put("git", "true");
        return controller.createRelease(new Release(
                ReleaseId.random(),
                Optional.of(app.id()),
                List.of(runner.id()),
                env,
                meta,
                ProcessTypes.ofRelease(
                        app.name(), types, previous.map(Release::processes).orElse(Map.of())),
                clock.instant()));
    }

    /** The builder's output, passed on by lines and kept. */
    private static final class BuildOutput {

        private static final int MAX_KEPT_LINES = 20_000;

        private final Pusher pusher;
        private final List<String> lines = new ArrayList<>();
        private final java.io.ByteArrayOutputStream rest = new java.io.ByteArrayOutputStream();

        BuildOutput(Pusher pusher) {
            this.pusher = pusher;
        }

        void write(OutputStreamKind stream, byte[] bytes) {
            for (byte b : bytes) {
                if (b == '\n') {
                    emit();
                } else {
                    rest.write(b);
                }
            }
        }

        void finish() {
            if (rest.size() > 0) {
                emit();
            }
        }

        private void emit() {
            String line = rest.toString(java.nio.charset.StandardCharsets.UTF_8);
            rest.reset();
            if (lines.size() < MAX_KEPT_LINES) {
                lines.add(line);
            }
            pusher.line(line);
        }

        List<String> lines() {
            return lines;
        }
    }

    /** Writes to a job; closing is end of file. */
    private static final class JobStdin extends OutputStream {
        private final AttachedJob job;

        JobStdin(AttachedJob job) {
            this.job = job;
        }

        @Override
        public void write(int b) throws IOException {
            job.stdin(new byte[] {(byte) b}, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            if (length > 0) {
                job.stdin(java.util.Arrays.copyOfRange(bytes, offset, offset + length), length);
            }
        }

        @Override
        public void close() throws IOException {
            job.closeStdin();
        }
    }
}
