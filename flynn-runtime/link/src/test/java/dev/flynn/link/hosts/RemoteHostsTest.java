package dev.flynn.link.hosts;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.link.HostLink;
import dev.flynn.link.TestHosts;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RemoteHostsTest {

    private static final JobId JOB = new JobId("b-2f0c3b63-8f9c-44a2-9b50-6d5f1b4d0a11");

    @TempDir
    Path directory;

    private TestHosts hosts;
    private HostLink b;
    private RemoteHosts reach;
    private final PlayedHost played = new PlayedHost();

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory);
        HostLink a = hosts.open(hosts.builder("a").build());
        b = hosts.builder("b").build();
        hosts.open(b);
        JobService.serve(b, () -> played);
        String address = b.advertisedAddress();
        reach = new RemoteHosts(
                a, "a", local -> played, host -> host.equals("b") ? Optional.of(address) : Optional.empty());
    }

    @AfterEach
    void close() throws Exception {
        played.unread.countDown();
        played.answers.countDown();
        hosts.close();
    }

    /** A host with one job, whose end the test plays. */
    private static final class PlayedHost implements HostConnection, Attachment {

        final BlockingQueue<AttachListener> listeners = new LinkedBlockingQueue<>();
        final List<String> heard = new CopyOnWriteArrayList<>();
        final ByteArrayOutputStream stdin = new ByteArrayOutputStream();
        final CountDownLatch closed = new CountDownLatch(1);
        final CountDownLatch unread = new CountDownLatch(1);
        volatile boolean reads = true;
        volatile boolean hasStdin = true;
        volatile Optional<FlynnException> refusal = Optional.empty();
        final CountDownLatch asked = new CountDownLatch(1);
        volatile CountDownLatch answers = new CountDownLatch(0);

        AttachListener listener() throws InterruptedException {
            AttachListener listener = listeners.poll(20, TimeUnit.SECONDS);
            assertThat(listener).isNotNull();
            return listener;
        }

        @Override
        public Attachment attach(JobId job, boolean stdin, Optional<TerminalSize> size, AttachListener listener) {
            asked.countDown();
            await(answers);
            refusal.ifPresent(why -> {
                throw why;
            });
            heard.add("attach %s %s %s".formatted(job, stdin, size));
            listeners.add(listener);
            return this;
        }

        @Override
        public void signal(JobId job, int number) {
            if (!job.equals(JOB)) {
                throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "job " + job + " does not run on its host");
            }
            heard.add("signal " + number);
        }

        @Override
        public void stdin(byte[] bytes) {
            if (!hasStdin) {
                throw FlynnException.invalid("stdin is closed");
            }
            if (!reads) {
                await(unread);
            }
            stdin.writeBytes(bytes);
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void closeStdin() {
            heard.add("eof");
        }

        @Override
        public void resize(TerminalSize size) {
            heard.add("resize " + size);
        }

        @Override
        public void signal(int number) {
            throw new AssertionError("signals go to the host");
        }

        @Override
        public void close() {
            closed.countDown();
            unread.countDown();
        }
    }

    /** What the attached heard, in order. */
    private static final class Attached implements AttachListener {

        final List<String> events = new CopyOnWriteArrayList<>();
        final ByteArrayOutputStream output = new ByteArrayOutputStream();

        @Override
        public void onAttached() {
            events.add("attached");
        }

        @Override
        public void onOutput(OutputStreamKind stream, byte[] bytes) {
            if (bytes.length < 100) {
                events.add(stream + " " + new String(bytes, UTF_8));
            }
            output.writeBytes(bytes);
        }

        @Override
        public void onExit(int status) {
            events.add("exit " + status);
        }

        @Override
        public void onError(String reason) {
            events.add("error " + reason);
        }

        void awaitLast(String event) {
            await().atMost(20, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThat(events).endsWith(event));
        }
    }

    @Test
    void theAttachedHearsWhatTheJobSaysInOrderAndItsEndOnce() throws Exception {
        var attached = new Attached();
        try (Attachment attachment =
                reach.connect("b").attach(JOB, true, Optional.of(new TerminalSize(65535, 24)), attached)) {
            AttachListener job = played.listener();
            job.onAttached();
            job.onOutput(OutputStreamKind.STDOUT, "hello".getBytes(UTF_8));
            job.onOutput(OutputStreamKind.STDERR, "oh".getBytes(UTF_8));
            job.onOutput(OutputStreamKind.STDOUT, new byte[3_000_000]);
            job.onExit(7);
            attached.awaitLast("exit 7");
        }
        assertThat(attached.events).containsExactly("attached", "STDOUT hello", "STDERR oh", "exit 7");
        assertThat(attached.output.size()).isEqualTo(7 + 3_000_000);
        assertThat(played.heard.get(0))
                .isEqualTo("attach " + JOB + " true " + Optional.of(new TerminalSize(65535, 24)));
    }

    @Test
    void theJobHearsWhatTheAttachedSays() throws Exception {
        byte[] typed = new byte[1_000_000];
        new java.util.Random(3).nextBytes(typed);
        try (Attachment attachment = reach.connect("b").attach(JOB, true, Optional.empty(), new Attached())) {
            attachment.stdin(typed);
            attachment.resize(new TerminalSize(100, 50));
            attachment.closeStdin();
            attachment.signal(15);
            await().atMost(20, TimeUnit.SECONDS).until(() -> played.heard.contains("eof"));
        }
        assertThat(played.stdin.toByteArray()).isEqualTo(typed);
        assertThat(played.heard).contains("resize " + new TerminalSize(100, 50), "signal 15");
    }

    @Test
    void aJobThatDoesNotReadHoldsUpWhoTypesAndTheEndOfTheAttachmentStillArrives() throws Exception {
        played.reads = false;
        Attachment attachment = reach.connect("b").attach(JOB, true, Optional.empty(), new Attached());
        Thread typing = new Thread(() -> {
            try {
                attachment.stdin(new byte[2_000_000]);
            } catch (FlynnException closed) {
                // that is how it ends
            }
        });
        typing.start();
        await().atMost(20, TimeUnit.SECONDS).until(() -> typing.getState() == Thread.State.WAITING);
        attachment.close();

        assertThat(played.closed.await(20, TimeUnit.SECONDS)).isTrue();
        typing.join(20_000);
        assertThat(typing.isAlive()).isFalse();
    }

    @Test
    void stdinThatIsClosedIsToldToWhoTypes() {
        played.hasStdin = false;
        try (Attachment attachment = reach.connect("b").attach(JOB, true, Optional.empty(), new Attached())) {
            await().atMost(20, TimeUnit.SECONDS)
                    .untilAsserted(() -> assertThatThrownBy(() -> attachment.stdin(new byte[1]))
                            .hasMessage("stdin is closed"));
        }
    }

    @Test
    void aHostThatIsLostEndsTheAttachmentWithAnErrorThatNamesIt() throws Exception {
        var attached = new Attached();
        Attachment attachment = reach.connect("b").attach(JOB, false, Optional.empty(), attached);
        played.listener().onAttached();
        attached.awaitLast("attached");
        b.close();

        await().atMost(20, TimeUnit.SECONDS).until(() -> attached.events.size() == 2);
        assertThat(attached.events.get(1)).startsWith("error host \"b\"");
        assertThatThrownBy(() -> attachment.resize(TerminalSize.DEFAULT)).isInstanceOf(FlynnException.class);
        assertThat(played.closed.await(20, TimeUnit.SECONDS)).isTrue();
    }

    /** A job that is made wanted right after that has to wait for the attachment, whatever the way to its host is like. */
    @Test
    void theHostKnowsOfAnAttachmentWhenItIsReturned() {
        for (int number = 1; number <= 50; number++) {
            try (Attachment attachment = reach.connect("b").attach(JOB, false, Optional.empty(), new Attached())) {
                assertThat(played.listeners).hasSize(number);
            }
        }
    }

    @Test
    void aHostThatRefusesAnAttachmentIsUnavailableWhateverItsReasonAndTheListenerHearsNothing() {
        var attached = new Attached();
        for (FlynnException reason : List.of(
                FlynnException.unavailable("the agent ends", null),
                new FlynnException(ErrorCode.RATE_LIMITED, "too many streams"),
                new FlynnException(ErrorCode.UNKNOWN, "a defect"))) {
            played.refusal = Optional.of(reason);
            assertRefused(attached, "host \"b\"", reason.getMessage());
        }
        assertThat(attached.events).isEmpty();
    }

    @Test
    void aWrongRequestToAttachIsWrongOnEveryHost() {
        played.refusal = Optional.of(FlynnException.invalid("no such job can be"));
        assertThatThrownBy(() -> reach.connect("b").attach(JOB, false, Optional.empty(), new Attached()))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.VALIDATION))
                .hasMessage("no such job can be");
    }

    @Test
    void aHostThatIsLostBeforeItTookAnAttachmentIsUnavailable() throws Exception {
        played.answers = new CountDownLatch(1);
        var attached = new Attached();
        var cut = new Thread(() -> {
            PlayedHost.await(played.asked);
            b.close();
        });
        cut.start();
        assertRefused(attached, "host \"b\"");
        assertThat(attached.events).isEmpty();
        played.answers.countDown();
        cut.join(20_000);
    }

    @Test
    void aHostThatCannotBeReachedOrServesNoJobsIsUnavailable() throws Exception {
        HostLink c = hosts.open(hosts.builder("c").build());
        String address = c.advertisedAddress();
        var attached = new Attached();
        var others = new RemoteHosts(
                hosts.open(hosts.builder("d").build()), "d", local -> played, host -> Optional.of(address));
        assertThatThrownBy(() -> others.connect("c").attach(JOB, false, Optional.empty(), attached))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessageContaining("host \"c\"");
        c.close();
        assertThatThrownBy(() -> others.connect("c").attach(JOB, false, Optional.empty(), attached))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessageContaining("host \"c\"");
        assertThat(attached.events).isEmpty();
    }

    private void assertRefused(Attached attached, String... parts) {
        assertThatThrownBy(() -> reach.connect("b").attach(JOB, false, Optional.empty(), attached))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .message()
                .contains(parts);
    }

    @Test
    void aSignalToAJobThatDoesNotRunFailsAsOnItsHost() {
        assertThatThrownBy(() -> reach.connect("b").signal(new JobId("b-00000000-0000-4000-8000-000000000000"), 15))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND));
    }

    @Test
    void aHostThatNobodyKnowsIsUnavailable() {
        assertThatThrownBy(() -> reach.connect("c"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE));
        assertThat(reach.connect("a")).isSameAs(played);
    }
}
