package dev.flynn.tck.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.Capability;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.container.JobFiles;
import dev.flynn.tck.Rule;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apiguardian.api.API;
import org.junit.jupiter.api.Timeout;

/**
 * Checks the promises CB-1 to CB-20 of a {@link ContainerBackend}. Extend it, say how the backend is opened and which image
 * has a shell, and run it with JUnit:
 *
 * <pre>{@code
 * class LxcBackendTckTest extends ContainerBackendTck {
 *
 *     protected ContainerBackend openBackend(Path dataDirectory) {
 *         return new LxcBackend(dataDirectory);
 *     }
 *
 *     protected Optional<JobSpec.Image> shellImage() {
 *         return Optional.of(new JobSpec.Image("docker", "https://registry.example?name=debian"));
 *     }
 * }
 * }</pre>
 *
 * <p>What the backend declares in {@link ContainerBackend#capabilities} is what it is held to; the rest must be refused.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public abstract class ContainerBackendTck extends ProcessPromises {

    // CB-15: addresses

    @Rule("CB-15")
    void eachJobHasAnAddressOfItsOwn() throws Exception {
        assumeTrue(has(Capability.OWN_ADDRESS));
        int port = 5000;
        JobSpec first = command(answerWithAddress(port));
        JobSpec second = command(answerWithAddress(port));
        running(first);
        running(second);
        String firstAddress = address(first.id());
        String secondAddress = address(second.id());

        assertThat(firstAddress).isNotEqualTo(secondAddress).isNotEqualTo("127.0.0.1");
        assertThat(answerOf(firstAddress, port)).isEqualTo(firstAddress);
        assertThat(answerOf(secondAddress, port)).isEqualTo(secondAddress);
    }

    @Rule("CB-15")
    void aJobThatAsksForTheHostsNetworkHasIt() throws IOException {
        assumeTrue(has(Capability.HOST_NETWORK) && has(Capability.OWN_ADDRESS));
        String ours = Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString();

        JobSpec onHost = shell("readlink /proc/self/ns/net").toBuilder()
                .hostNetwork(true)
                .build();
        JobSpec apart = shell("readlink /proc/self/ns/net");
        ended(onHost);
        ended(apart);

        assertThat(seen.text(onHost.id(), OutputStreamKind.STDOUT)).isEqualTo(ours + "\n");
        assertThat(seen.text(apart.id(), OutputStreamKind.STDOUT)).isNotEqualTo(ours + "\n");
    }

    // CB-16: files

    @Rule("CB-16")
    void whatTheSpecMountsHasTheAccessThatWasAskedFor() throws IOException {
        assumeTrue(has(Capability.MOUNTS));
        Path readOnly = writableFolder("read-only");
        Path readWrite = writableFolder("read-write");
        Path copied = writableFolder("copied");
        JobSpec spec = shell("for d in ro rw copy; do cat /mnt/$d/given; (echo written > /mnt/$d/new) 2>/dev/null"
                        + " && echo $d takes it; (echo changed > /mnt/$d/given) 2>/dev/null; cat /mnt/$d/given; done")
                .toBuilder()
                .mounts(List.of(
                        new Mount(readOnly.toString(), "/mnt/ro", Mount.Access.READ_ONLY),
                        new Mount(readWrite.toString(), "/mnt/rw", Mount.Access.READ_WRITE),
                        new Mount(copied.toString(), "/mnt/copy", Mount.Access.PRIVATE_COPY)))
                .build();

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT).lines())
                .containsExactly(
                        "read-only",
                        "read-only",
                        "read-write",
                        "rw takes it",
                        "changed",
                        "copied",
                        "copy takes it",
                        "changed");
        assertThat(readOnly.resolve("given")).hasContent("read-only");
        assertThat(readWrite.resolve("new")).hasContent("written");
        assertThat(copied.resolve("new")).doesNotExist();
        assertThat(copied.resolve("given")).hasContent("copied");
    }

    @Rule("CB-16")
    void aPrivateCopyIsOfOneJob() throws IOException {
        assumeTrue(has(Capability.MOUNTS));
        var copied = new Mount(writableFolder("copied").toString(), "/mnt/copy", Mount.Access.PRIVATE_COPY);
        JobSpec first = shell("echo first > /mnt/copy/given; echo ready; while true; do sleep 0.05; done").toBuilder()
                .mounts(List.of(copied))
                .build();
        running(first);
        awaitOutput(first.id(), "ready");

        JobSpec second =
                shell("cat /mnt/copy/given").toBuilder().mounts(List.of(copied)).build();
        ended(second);

        assertThat(seen.text(second.id(), OutputStreamKind.STDOUT)).isEqualTo("copied\n");
    }

    @Rule("CB-16")
    void whatTheHostLaysIntoAJobIsThereUntilItIsDown() throws IOException {
        assumeTrue(has(Capability.MOUNTS));
        Path folder = writableFolder("of the host");
        var files = new RecordingFiles(new Mount(folder.toString(), "/given", Mount.Access.PRIVATE_COPY));
        reopen(files);
        JobSpec spec = shell("cat /given/given");

        ended(spec);

        assertThat(seen.text(spec.id(), OutputStreamKind.STDOUT)).isEqualTo("of the host\n");
        await("the files are given back")
                .atMost(patience())
                .until(() -> files.closed().contains(spec.id()));
    }

    @Rule("CB-16")
    void aJobWhoseFilesCannotBeHadIsDownWithTheReason() {
        assumeTrue(has(Capability.MOUNTS));
        reopen(new RecordingFiles() {
            @Override
            public List<Mount> open(JobSpec spec) throws IOException {
                throw new IOException("the slug is gone");
            }
        });

        assertThat(ended(shell("true")).error())
                .hasValueSatisfying(reason -> assertThat(reason).contains("the slug is gone"));
    }

    // CB-17: isolation

    @Rule("CB-17")
    void aJobSeesNoProcessButItsOwn() {
        assumeTrue(has(Capability.ISOLATION));
        String mark = mark();
        JobSpec other = shell("sleep " + mark + " & echo ready; wait");
        running(other);
        awaitOutput(other.id(), "ready");

        JobSpec curious = shell("cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '; echo; kill -0 "
                + ProcessHandle.current().pid() + " 2>/dev/null && echo rea''ched");
        ended(curious);

        assertThat(seen.text(curious.id(), OutputStreamKind.STDOUT))
                .contains("cmdline")
                .doesNotContain(mark, "java", "reached");
    }

    @Rule("CB-17")
    void aJobSeesNoFileOfTheHostsSecrets() throws IOException {
        assumeTrue(has(Capability.ISOLATION));
        Path secret = Files.writeString(dataDirectory.resolve("secret"), "the secret");
        JobSpec curious = shell(
                "cat \"$1\" /etc/shadow /etc/gshadow /etc/ssh/ssh_host_*_key 2>/dev/null;"
                        + " ls -A /root /home 2>/dev/null; echo done",
                secret.toString());

        ended(curious);

        String found = seen.text(curious.id(), OutputStreamKind.STDOUT);
        assertThat(found).contains("done").doesNotContain("the secret", "PRIVATE KEY", "root:*", "root:!", "root:$");
        assertThat(found.lines().filter(line -> line.startsWith("."))).isEmpty();
    }

    @Rule("CB-17")
    void whatAJobWritesNobodyElseSees() throws IOException {
        assumeTrue(has(Capability.ISOLATION));
        String name = "flynn-tck-" + mark();
        String everywhere = "for d in / /tmp /etc /usr /var/tmp /dev/shm; do ";
        JobSpec writer = shell(everywhere + "(echo x > $d/" + name + ") 2>/dev/null; done; echo ready;"
                + " while true; do sleep 0.05; done");
        running(writer);
        awaitOutput(writer.id(), "ready");

        JobSpec reader = shell(everywhere + "cat $d/" + name + " 2>/dev/null; done; echo done");
        ended(reader);

        List<String> escaped = new ArrayList<>();
        for (String folder : List.of("/", "/tmp", "/etc", "/usr", "/var/tmp", "/dev/shm")) {
            if (Files.deleteIfExists(Path.of(folder, name))) {
                escaped.add(folder);
            }
        }
        assertThat(escaped).as("folders of the host that a job wrote to").isEmpty();
        assertThat(seen.text(reader.id(), OutputStreamKind.STDOUT)).isEqualTo("done\n");
    }

    /** What a job tries changes nothing where it succeeds: the machine is that of whoever runs this. */
    @Rule("CB-17")
    void aJobHasNoPowerOverTheHost() {
        assumeTrue(has(Capability.ISOLATION));
        JobSpec hostile = shell("(mount -t tmpfs none /mnt && umount /mnt) 2>/dev/null && echo mounted;"
                + " (was=$(cat /proc/sys/kernel/sysrq) && echo $was > /proc/sys/kernel/sysrq) 2>/dev/null && echo sysrq;"
                + " (echo > /proc/sysrq-trigger) 2>/dev/null && echo triggered;"
                + " (mknod /tmp/disk b 8 0 && head -c 1 /tmp/disk >/dev/null) 2>/dev/null && echo disk; rm -f /tmp/disk;"
                + " (hostname \"$(hostname)\") 2>/dev/null && echo renamed;"
                + " (: > /sys/fs/cgroup/memory/memory.limit_in_bytes) 2>/dev/null && echo limits;"
                + " ls /dev/sd* /dev/vd* /dev/mem /dev/kmem 2>/dev/null; echo done");

        ended(hostile);

        assertThat(seen.text(hostile.id(), OutputStreamKind.STDOUT)).isEqualTo("done\n");
    }

    // CB-18: sudden death

    @Rule("CB-18")
    void aBackendThatIsKilledForgetsNothing() throws Exception {
        assumeTrue(has(Capability.SURVIVES_RESTART));
        assumeTrue(shellImage().isPresent(), "this backend's jobs are no commands");
        backend.close();

        new KilledHost(getClass(), dataDirectory, surroundings(), patience(), () -> openBackend(dataDirectory)).run();

        open();
    }

    // CB-19: leaks

    /** As many as {@code -Dflynn.tck.short.jobs} says, one after the other. */
    @Rule("CB-19")
    @Timeout(1800)
    void jobsThatAreDownLeaveNothingBehind() throws IOException {
        runAndForget(shell("exit 0")); // what is made once for all jobs is no leak
        var before = Traces.now(dataDirectory, Set.of(), this::mayHaveMade);
        Set<String> ids = new HashSet<>();
        int jobs = Integer.getInteger("flynn.tck.short.jobs", 20);

        for (int i = 0; i < jobs; i += 2) {
            JobSpec quick = shell("exit 3");
            JobSpec slow = shell("(sleep 60 &) ; sleep 60");
            ids.add(quick.id().value());
            ids.add(slow.id().value());
            running(slow);
            backend.stop(slow.id(), Duration.ZERO);
            runAndForget(quick);
            awaitGone(slow.id());
        }

        awaitNothingLeft(ids, before);
    }

    /** What comes after the jobs are gone is not theirs: interfaces of other programs, such as other kits. */
    private void awaitNothingLeft(Set<String> jobs, Traces before) throws IOException {
        Set<String> left = Traces.now(dataDirectory, jobs, this::mayHaveMade).beyond(before);
        await("nothing is left").atMost(patience()).untilAsserted(() -> {
            left.retainAll(Traces.now(dataDirectory, jobs, this::mayHaveMade).beyond(before));
            assertThat(left).isEmpty();
        });
    }

    @Rule("CB-19")
    void jobsThatCannotBeStartedLeaveNothingBehind() throws IOException {
        runAndForget(impossibleJob());
        var before = Traces.now(dataDirectory, Set.of(), this::mayHaveMade);
        JobSpec impossible = impossibleJob();

        runAndForget(impossible);

        awaitNothingLeft(Set.of(impossible.id().value()), before);
    }

    // CB-20: floods

    @Rule("CB-20")
    void aFloodOfOutputArrivesWhole() {
        int lines = 200_000;
        seen.dwell(Duration.ofMillis(1));
        List<JobSpec> floods = Stream.generate(() ->
                        shell("i=0; yes 'abcdefghijklmnopqrstuvwxyz012345' | head -n " + lines + "; echo the end"))
                .limit(3)
                .toList();

        floods.forEach(spec -> backend.start(spec));

        for (JobSpec spec : floods) {
            await("the flood is over")
                    .atMost(patience().multipliedBy(3))
                    .until(() ->
                            backend.status(spec.id()).map(JobStatus::isDown).orElse(false));
            String text = seen.text(spec.id(), OutputStreamKind.STDOUT);
            assertThat(text.length()).isEqualTo(lines * 33 + "the end\n".length());
            assertThat(text).endsWith("012345\nthe end\n");
        }
    }

    // what these tests are made of

    private JobSpec command(List<String> command) {
        return shell("exec \"$@\"", command.toArray(String[]::new));
    }

    private String address(JobId job) {
        return backend.status(job).flatMap(JobStatus::address).orElseThrow();
    }

    private String answerOf(String address, int port) {
        return await("an answer of " + address)
                .atMost(patience())
                .ignoreExceptions()
                .until(() -> ask(address, port), answer -> !answer.isEmpty());
    }

    private static String ask(String address, int port) throws IOException {
        try (var socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 2000);
            socket.setSoTimeout(2000);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        }
    }

    /** A folder with a file {@code given}, in which every user may write. */
    private Path writableFolder(String content) throws IOException {
        Path folder = Files.createDirectory(dataDirectory.resolve("folder-" + content.replace(' ', '-')));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        Path file = Files.writeString(folder.resolve("given"), content + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));
        return folder;
    }

    private void reopen(JobFiles files) {
        backend.close();
        backend = openBackend(dataDirectory, files);
        var unused = backend.watch(seen);
    }

    private void runAndForget(JobSpec spec) {
        ended(spec);
        backend.forget(spec.id());
    }

    /** Lays the same mounts into every job. */
    private class RecordingFiles implements JobFiles {

        private final List<Mount> mounts;
        private final Set<JobId> closed = ConcurrentHashMap.newKeySet();

        RecordingFiles(Mount... mounts) {
            this.mounts = List.of(mounts);
        }

        @Override
        public List<Mount> open(JobSpec spec) throws IOException {
            return mounts;
        }

        @Override
        public void close(JobId job) {
            closed.add(job);
        }

        Set<JobId> closed() {
            return closed;
        }
    }
}
