package dev.flynn.cli;

import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.Service;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code flynn docker}: deploys an image of this machine (contract: layer 1, Docker images). */
final class DockerCommand implements Command {

    /** The process type of such releases. */
    private static final String TYPE = "app";

    private static final int PORT = 8080;

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(Option.value('f', "file"), Option.flag('q', "quiet"), Option.flag("json")),
                Form.of("push", 1, 1, "file", "quiet", "json"),
                Form.of("set-push-url", 0, 1, "json"),
                Form.of("login", 0, 0, "json"),
                Form.of("logout", 0, 0, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        if (!arguments.form().equals("push")) {
            context.tellDone(
                    arguments,
                    Map.of(),
                    "Nothing to do: flynn docker push sends images to the cluster with its key, no registry is asked.");
            return 0;
        }
        push(context, arguments);
        return 0;
    }

    private static void push(Context context, Arguments arguments) {
        String app = context.app();
        String image = arguments.value(0);
        context.console().tell("deploying Docker image: " + image);
        try {
            Optional<Path> given = arguments
                    .option("file")
                    .map(name -> context.environment().directory().resolve(name));
            if (given.isPresent()) {
                deploy(context, arguments, app, DockerArchive.read(given.get()));
                return;
            }
            Path saved = Files.createTempFile("flynn-image", ".tar");
            try {
                context.console().tell("exporting image with 'docker save " + image + "'");
                save(context, image, saved);
                deploy(context, arguments, app, DockerArchive.read(saved));
            } finally {
                Files.deleteIfExists(saved);
            }
        } catch (IOException e) {
            throw new CliException("cannot read the image: " + FileProblem.of(e), e);
        }
    }

    private static void save(Context context, String image, Path file) throws IOException {
        Path program = context.environment()
                .executable("docker")
                .orElseThrow(() -> new CliException(
                        "Executable 'docker' was not found. Give an archive that was saved elsewhere with --file, or push"
                                + " the image to a registry and use flynn release add"));
        ProcessBuilder docker = new ProcessBuilder(program.toString(), "save", "--output", file.toString(), "--", image)
                .directory(context.environment().directory().toFile())
                .redirectErrorStream(true);
        docker.environment().clear();
        docker.environment().putAll(context.environment().variables());
        Process process = docker.start();
        try {
            process.getOutputStream().close();
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new CliException("docker save failed: " + said.strip());
            }
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
            throw new CliException("interrupted", e);
        }
    }

    private static void deploy(Context context, Arguments arguments, String app, DockerArchive image)
            throws IOException {
        Optional<Artifact> known = context.controller().findImage(app, image.digest());
        Artifact artifact = known.isPresent() ? known.get() : upload(context, arguments, app, image);
        String name = context.controller().app(app).name();
        Release created = Releases.change(
                context,
                app,
                current -> release(current.orElseGet(() -> Releases.first(context, app)), name, artifact, image));
        context.tellDone(arguments, created, "Docker image deployed, scale it with 'flynn scale app=N'");
    }

    private static Artifact upload(Context context, Arguments arguments, String app, DockerArchive image)
            throws IOException {
        context.console().tell("uploading image " + image.digest());
        var progress = new Progress(context.console(), arguments.has("quiet"));
        try (InputStream in = progress.of("image", image.length(), Files.newInputStream(image.file()))) {
            return context.controller().putImage(app, image.digest(), image.length(), in);
        }
    }

    /** Runs what the image says, reached as {@code <app>-web}; what the user has set stays. */
    static Release release(Release base, String app, Artifact artifact, DockerArchive image) {
        ProcessType before = base.processes().getOrDefault(TYPE, ProcessType.ofCommand(List.of()));
        ProcessType process = new ProcessType(
                image.cmd(),
                image.entrypoint(),
                before.env(),
                before.ports(),
                before.data(),
                before.omni(),
                before.hostNetwork(),
                before.service(),
                before.resurrect(),
                before.resources());
        if (process.ports().isEmpty()) {
            String service = app + "-web";
            process = process.withPorts(
                    List.of(new Port(PORT, "tcp", Optional.of(new Service(service, true, Optional.empty())))),
                    Optional.of(service));
        }
        Map<String, ProcessType> processes = new HashMap<>(base.processes());
        processes.put(TYPE, process);
        Map<String, String> env = new HashMap<>(image.env());
        env.putAll(base.env());
        return new Release(
                ReleaseId.random(), base.app(), List.of(artifact.id()), env, base.meta(), processes, Instant.EPOCH);
    }
}
