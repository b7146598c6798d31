package dev.flynn.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.JobRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** While the store does not answer jobs go on, and what became of them is recorded afterwards. */
@Timeout(60)
class StoreOutageTest {

    @TempDir
    Path directory;

    private FailingStore failing;
    private TestHost host;

    @BeforeEach
    void start() throws IOException {
        host = new TestHost(directory, store -> {
                    failing = new FailingStore(store);
                    return failing;
                })
                .start();
    }

    @AfterEach
    void stop() {
        failing.down = false;
        host.close();
    }

    @Test
    void howAJobEndedDuringAnOutageIsRecordedAfterIt() {
        Path go = directory.resolve("go");
        JobId id = host.run(host.shell("while [ ! -e " + go + " ]; do sleep 0.02; done; echo ending; exit 9"));
        host.awaitState(id, JobState.UP);

        failing.down = true;
        touch(go);
        await().until(() -> host.lines.contains("ending"));
        await().until(() -> failing.refused.get() > 0);
        failing.down = false;

        JobRecord down = host.awaitState(id, JobState.DOWN);
        assertThat(down.exitStatus()).isEqualTo(OptionalInt.of(9));
        assertThat(down.hostError()).isEmpty();
    }

    @Test
    void aJobThatCouldNotBeAcceptedIsStartedOnce() {
        Path trace = directory.resolve("trace");
        var spec = host.shell("echo started >> " + trace);

        host.state.jobs().create(JobRecord.pending(spec, 0, host.state.clock().instant()));
        failing.down = true;
        await().until(() -> failing.refused.get() > 0 || host.job(spec.id()).state() != JobState.PENDING);
        failing.down = false;

        host.awaitState(spec.id(), JobState.DOWN);
        assertThat(trace).hasContent("started\n");
    }

    @Test
    void aStopThatCannotBeRecordedStillStops() {
        JobId id =
                host.run(host.shell("trap 'echo stopping; exit 0' TERM; echo ready; while true; do sleep 0.05; done"));
        await().until(() -> host.lines.contains("ready"));
        host.awaitState(id, JobState.UP);

        failing.downAfterNext = true;
        host.requestStop(id);
        await().until(() -> host.lines.contains("stopping"));
        failing.down = false;

        host.awaitState(id, JobState.DOWN);
    }

    private static void touch(Path file) {
        try {
            Files.createFile(file);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** Refuses to write while it is down. */
    private static final class FailingStore implements ClusterStore {

        private final ClusterStore store;
        private final AtomicInteger refused = new AtomicInteger();
        private volatile boolean down;
        private volatile boolean downAfterNext;

        FailingStore(ClusterStore store) {
            this.store = store;
        }

        @Override
        public CommitResult commit(Transaction transaction) {
            if (down) {
                refused.incrementAndGet();
                throw FlynnException.unavailable("the store has no leader", null);
            }
            if (downAfterNext) {
                downAfterNext = false;
                down = true;
            }
            return store.commit(transaction);
        }

        @Override
        public Set<StoreCapability> capabilities() {
            return store.capabilities();
        }

        @Override
        public Optional<StoreEntry> get(String key, Consistency consistency) {
            return store.get(key, consistency);
        }

        @Override
        public StoreSnapshot list(String prefix, Consistency consistency) {
            return store.list(prefix, consistency);
        }

        @Override
        public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
            return store.watch(prefix, afterRevision, watcher);
        }

        @Override
        public void close() {
            store.close();
        }
    }
}
