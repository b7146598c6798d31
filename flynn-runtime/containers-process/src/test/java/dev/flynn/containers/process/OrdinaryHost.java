package dev.flynn.containers.process;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.spi.container.JobListener;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** A process with a backend that runs some jobs and says what it saw: {@code OrdinaryHost DIRECTORY}. */
final class OrdinaryHost {

    private static final BlockingQueue<JobStatus> STATES = new LinkedBlockingQueue<>();

    private OrdinaryHost() {}

    public static void main(String[] args) throws Exception {
        Path directory = Files.createDirectories(Path.of(args[0]));
        Path slug = Files.createDirectories(directory.resolve("slug"));
        Files.writeString(slug.resolve("given"), "home of the job");
        try (var backend = ProcessContainerBackend.builder(directory.resolve("backend"), ShellImage.install(directory))
                .files(new Slug(slug))
                .build()) {
            var unused = backend.watch(new Printer());

            JobSpec first =
                    ShellImage.job("echo user $(id -u); cat given; echo; echo descriptors $(ulimit -n); exit 7");
            backend.start(first.toBuilder()
                    .resources(Map.of(ResourceLimit.MAX_FD, ResourceLimit.of(100)))
                    .build());
            System.out.println("exit " + down().exitStatus().orElse(-1));

            JobSpec second = ShellImage.job("(setsid sleep 600 &) ; exec sleep 600");
            backend.start(second);
            await(JobStatus.State.RUNNING);
            backend.stop(second.id(), Duration.ZERO);
            System.out.println("signal " + down().signal().orElse(-1));
        }
        boolean empty;
        try (var left = Files.list(directory.resolve("backend/jobs"))) {
            empty = left.findAny().isEmpty();
        }
        long sleeping = ProcessHandle.current().descendants().count();
        System.out.println(empty && sleeping == 0 ? "nothing left" : "something left");
    }

    private static JobStatus down() throws InterruptedException {
        return await(JobStatus.State.DOWN);
    }

    private static JobStatus await(JobStatus.State state) throws InterruptedException {
        while (true) {
            JobStatus next = STATES.poll(60, TimeUnit.SECONDS);
            if (next == null || next.state() == state) {
                return java.util.Objects.requireNonNull(next, "no job became " + state);
            }
        }
    }

    private record Slug(Path directory) implements JobFiles {

        @Override
        public List<Mount> open(JobSpec spec) {
            return List.of(new Mount(directory.toString(), "/app", Mount.Access.PRIVATE_COPY));
        }

        @Override
        public void close(JobId job) {
            // nothing was opened
        }
    }

    private static final class Printer implements JobListener {

        @Override
        public void onStatus(JobStatus status) {
            STATES.add(status);
        }

        @Override
        public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
            System.out.print(new String(bytes, StandardCharsets.UTF_8));
        }
    }
}
