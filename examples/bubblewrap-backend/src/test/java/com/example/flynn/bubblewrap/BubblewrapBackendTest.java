package com.example.flynn.bubblewrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What this backend promises beyond the kit. */
class BubblewrapBackendTest {

    @TempDir
    Path directory;

    @Test
    void aJobIsAnOrdinaryUserWithoutAnyRight() throws IOException {
        String seen = outputOf("id -u; grep -E '^Cap(Eff|Prm|Amb)' /proc/self/status; grep NoNewPrivs /proc/self/status");

        assertThat(seen.lines().map(line -> line.replaceAll("\\s+", " ")))
                .containsExactly(
                        "100000",
                        "CapPrm: 0000000000000000",
                        "CapEff: 0000000000000000",
                        "CapAmb: 0000000000000000",
                        "NoNewPrivs: 1");
    }

    @Test
    void aJobIsAtHomeInADirectoryThatItMayChange() throws IOException {
        assertThat(outputOf("pwd; echo $HOME; echo kept > file; cat file; echo scratch > /tmp/file; cat /var/tmp/file"))
                .isEqualTo("/app\n/app\nkept\nscratch\n");
    }

    @Test
    void theSlugOfAnAppIsAJobsOwn() throws IOException {
        Path slug = Files.createDirectory(directory.resolve("slug"));
        Files.writeString(slug.resolve("Procfile"), "web: true\n");
        Files.createDirectory(slug.resolve("locked"));
        var files = new SlugFiles(new Mount(slug.toString(), "/app", Mount.Access.PRIVATE_COPY));

        assertThat(outputOf(files, "cat Procfile; chmod 000 locked 2>/dev/null; true")).isEqualTo("web: true\n");

        assertThat(slug.resolve("Procfile")).hasContent("web: true\n");
        assertThat(jobsDirectory()).isEmptyDirectory();
    }

    @Test
    void aProgramThatIsNotThereIsTold() {
        try (ContainerBackend backend = open(Map.of(), JobFiles.NONE)) {
            JobSpec spec = JobSpec.builder(JobId.random("test"), new JobSpec.Image("host", "host:shell"))
                    .entrypoint(List.of("/no/such/program"))
                    .build();

            backend.start(spec);

            assertThat(down(backend, spec.id()).error())
                    .contains("cannot run /no/such/program: No such file or directory");
        }
    }

    @Test
    void whatBwrapCannotSetUpIsTold() {
        try (ContainerBackend backend = open(Map.of(), JobFiles.NONE)) {
            JobSpec spec = shell("true").toBuilder()
                    .mounts(List.of(new Mount("/no/such/folder", "/mnt", Mount.Access.READ_ONLY)))
                    .build();

            backend.start(spec);

            assertThat(down(backend, spec.id()).error())
                    .hasValueSatisfying(reason -> assertThat(reason).contains("bwrap", "/no/such/folder"));
        }
    }

    @Test
    void aJobThatIsStoppedWhileItsFilesAreFetchedNeverRuns() throws Exception {
        var fetching = new CountDownLatch(1);
        var fetched = new CountDownLatch(1);
        JobFiles slow = new SlugFiles() {
            @Override
            public List<Mount> open(JobSpec spec) {
                fetching.countDown();
                try {
                    fetched.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                return List.of();
            }
        };
        try (ContainerBackend backend = open(Map.of(), slow)) {
            var seen = new Output();
            backend.watch(seen);
            JobSpec spec = shell("echo it runs");
            backend.start(spec);
            fetching.await();
            backend.stop(spec.id(), Duration.ofSeconds(10));
            fetched.countDown();

            assertThat(down(backend, spec.id()).signal()).hasValue(15);
            assertThat(seen.text()).isEmpty();
        }
    }

    @Test
    void aSandboxThatBwrapHasOnlyBegunEndsWithIt() throws Exception {
        try (ContainerBackend backend = open(Map.of(), JobFiles.NONE)) {
            for (int i = 0; i < 50; i++) {
                JobSpec spec = shell("sleep 600");
                backend.start(spec);
                TimeUnit.MICROSECONDS.sleep(400L * i);
                backend.stop(spec.id(), Duration.ZERO);

                assertThat(down(backend, spec.id()).signal()).hasValue(9);
            }
        }
    }

    @Test
    void whatABackendThatWasKilledLeftIsTakenAway() throws IOException {
        open(Map.of(), JobFiles.NONE).close();
        Path left = Files.createDirectory(jobsDirectory().resolve("test-left"));
        Files.writeString(left.resolve("launch"), "");
        var builder = new ProcessBuilder("sleep", "600");
        builder.environment().put(JobDirectories.MARK, left.toString());
        Process orphan = builder.start();
        try {
            open(Map.of(), JobFiles.NONE).close();

            await().until(() -> !orphan.isAlive());
            assertThat(left).doesNotExist();
        } finally {
            orphan.destroyForcibly();
        }
    }

    @Test
    void aSettingThatIsNoneIsRefused() {
        assertThatThrownBy(() -> open(Map.of("colour", "blue"), JobFiles.NONE))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("colour");
    }

    // what the tests are made of

    private Path jobsDirectory() {
        return directory.resolve("backend/jobs");
    }

    private ContainerBackend open(Map<String, String> settings, JobFiles files) {
        try {
            Path init = directory.resolve("backend/images/shell/init");
            Files.createDirectories(init.getParent());
            Files.writeString(init, "#!/bin/sh\nexec /bin/sh -c \"$1\"\n");
            assertThat(init.toFile().setExecutable(true, false)).isTrue();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        var context = new ComponentContext("test", directory.resolve("backend"), Clock.systemUTC());
        return new BubblewrapBackendFactory().create(settings, context, files);
    }

    private static JobSpec shell(String line) {
        return JobSpec.ofCommand(JobId.random("test"), new JobSpec.Image("host", "host:shell"), List.of(line));
    }

    private String outputOf(String line) throws IOException {
        return outputOf(JobFiles.NONE, line);
    }

    private String outputOf(JobFiles files, String line) throws IOException {
        try (ContainerBackend backend = open(Map.of(), files)) {
            var seen = new Output();
            backend.watch(seen);
            JobSpec spec = shell(line);
            backend.start(spec);
            JobStatus down = down(backend, spec.id());
            assertThat(down.exitStatus()).as("%s, output: %s", down, seen.text()).hasValue(0);
            return seen.text();
        }
    }

    private static JobStatus down(ContainerBackend backend, JobId job) {
        return await().atMost(Duration.ofSeconds(30))
                .until(() -> backend.status(job), status -> status.map(JobStatus::isDown).orElse(false))
                .orElseThrow();
    }

    /** Collects what jobs write. */
    private static final class Output implements JobListener {

        private final StringBuffer text = new StringBuffer();

        @Override
        public void onStatus(JobStatus status) {
            // the backend is asked
        }

        @Override
        public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
            text.append(new String(bytes, StandardCharsets.UTF_8));
        }

        String text() {
            return text.toString();
        }
    }

    private static class SlugFiles implements JobFiles {

        private final List<Mount> mounts;

        SlugFiles(Mount... mounts) {
            this.mounts = List.of(mounts);
        }

        @Override
        public List<Mount> open(JobSpec spec) throws IOException {
            return mounts;
        }

        @Override
        public void close(JobId job) {
            // nothing is held
        }
    }
}
