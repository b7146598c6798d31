package dev.flynn.build;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs the images' programs as the process backend does: a directory per job, nothing in the environment but its own. */
final class Workshop {

    /** How a job ended; titles of the builder without the code that moves the cursor. */
    record Result(int status, String out, String err) {

        String messages() {
            return (out + err).replace("\u001b[1G", "");
        }
    }

    private final Path directory;
    private final Path images;
    private final AtomicInteger jobs = new AtomicInteger();

    Workshop(Path directory) {
        this.directory = directory;
        this.images = directory.resolve("images");
        Images.install(images);
    }

    /** A job's directory, with its home and its scratch space. */
    Path job() throws IOException {
        Path job = directory.resolve("job " + jobs.incrementAndGet());
        Files.createDirectories(job.resolve("app"));
        Files.createDirectories(job.resolve("tmp"));
        return job;
    }

    /** Builds a directory of sources, without keeping the slug. */
    Result build(Path source, Map<String, String> env, String... arguments) throws IOException, InterruptedException {
        Path tar = tar(source);
        return run(job(), List.of(images.resolve("slugbuilder/init").toString()), tar.toFile(), env, arguments);
    }

    /** Builds a directory of sources and unpacks the slug. */
    Path slug(Path source, Map<String, String> env) throws IOException, InterruptedException {
        Path slug = directory.resolve("slug" + jobs.incrementAndGet() + ".tgz");
        Path tar = tar(source);
        List<String> init = List.of(
                "bash",
                "-c",
                "exec \"$0\" - >\"$1\"",
                images.resolve("slugbuilder/init").toString(),
                slug.toString());
        Result build = run(job(), init, tar.toFile(), env);
        assertThat(build.status()).as(build.messages()).isZero();
        return slug;
    }

    /** A job's directory with a slug unpacked as its home. */
    Path unpacked(Path slug) throws IOException, InterruptedException {
        Path job = job();
        sh(job.resolve("app"), "tar -xzf '" + slug + "'");
        return job;
    }

    Result runner(Path job, Map<String, String> env, String... arguments) throws IOException, InterruptedException {
        return run(job, List.of(images.resolve("slugrunner/init").toString()), new File("/dev/null"), env, arguments);
    }

    /** Starts the slugrunner and leaves it running; its output goes to the job's {@code out}. */
    Process startRunner(Path job, Map<String, String> env, String... arguments) throws IOException {
        return start(
                job,
                List.of(images.resolve("slugrunner/init").toString()),
                new File("/dev/null"),
                job.resolve("out").toFile(),
                env,
                arguments);
    }

    Path tar(Path source) throws IOException, InterruptedException {
        Path tar = directory.resolve("source" + jobs.incrementAndGet() + ".tar");
        sh(source, "tar -cf '" + tar + "' .");
        return tar;
    }

    void sh(Path in, String command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("bash", "-ec", command)
                .directory(in.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }

    Result run(Path job, List<String> program, File stdin, Map<String, String> env, String... arguments)
            throws IOException, InterruptedException {
        Path out = job.resolve("out");
        Process process = start(job, program, stdin, out.toFile(), env, arguments);
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("ends in time").isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Result(process.exitValue(), Files.readString(out), Files.readString(job.resolve("err")));
    }

    private static Process start(
            Path job, List<String> program, File stdin, File out, Map<String, String> env, String... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command)
                .directory(job.resolve("app").toFile())
                .redirectInput(stdin)
                .redirectOutput(out)
                .redirectError(job.resolve("err").toFile());
        Map<String, String> environment = new HashMap<>();
        environment.put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        environment.put("HOME", job.resolve("app").toString());
        environment.put("TMPDIR", job.resolve("tmp").toString());
        environment.putAll(env);
        builder.environment().clear();
        builder.environment().putAll(environment);
        return builder.start();
    }
}
