package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import dev.flynn.spi.host.HostConnections;
import dev.flynn.state.ClusterState;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** Hosts whose jobs are played by the test. */
final class FakeHosts implements HostConnections {

    final List<Session> sessions = new CopyOnWriteArrayList<>();
    volatile boolean unreachable;

    /** The hosts that take no attachment. */
    volatile Set<String> refuseAttach = Set.of();

    private final ClusterState state;

    FakeHosts(ClusterState state) {
        this.state = state;
    }

    @Override
    public HostConnection connect(String hostId) {
        if (unreachable) {
            throw FlynnException.unavailable("host " + hostId + " cannot be reached", null);
        }
        return new HostConnection() {
            @Override
            public Attachment attach(JobId job, boolean stdin, Optional<TerminalSize> size, AttachListener listener) {
                if (refuseAttach.contains(hostId)) {
                    throw FlynnException.unavailable(hostId + " says: not now", null);
                }
                var session = new Session(
                        job, stdin, size, listener, state.jobs().find(job).isPresent());
                sessions.add(session);
                return session;
            }

            @Override
            public void signal(JobId job, int number) {}
        };
    }

    /** One attached client, from the host's side. */
    static final class Session implements Attachment {

        final JobId job;
        final boolean wantsStdin;
        final Optional<TerminalSize> size;
        final AttachListener client;
        final boolean jobExistedBefore;
        final List<String> requests = new CopyOnWriteArrayList<>();
        final AtomicInteger closed = new AtomicInteger();
        private final ByteArrayOutputStream input = new ByteArrayOutputStream();

        Session(
                JobId job,
                boolean wantsStdin,
                Optional<TerminalSize> size,
                AttachListener client,
                boolean jobExistedBefore) {
            this.job = job;
            this.wantsStdin = wantsStdin;
            this.size = size;
            this.client = client;
            this.jobExistedBefore = jobExistedBefore;
        }

        String input() {
            synchronized (input) {
                return input.toString(StandardCharsets.UTF_8);
            }
        }

        @Override
        public void stdin(byte[] bytes) {
            synchronized (input) {
                input.writeBytes(bytes);
            }
        }

        @Override
        public void closeStdin() {
            requests.add("eof");
        }

        @Override
        public void resize(TerminalSize to) {
            requests.add("resize " + to.columns() + "x" + to.lines());
        }

        @Override
        public void signal(int number) {
            requests.add("signal " + number);
        }

        @Override
        public void close() {
            closed.incrementAndGet();
        }
    }
}
