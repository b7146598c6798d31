package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.CommitResult;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreCapability;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.StoreSnapshot;
import dev.flynn.spi.store.StoreWatcher;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import org.apache.ratis.protocol.Message;
import org.apache.ratis.protocol.RaftClientReply;
import org.apache.ratis.thirdparty.com.google.protobuf.UnsafeByteOperations;

/**
 * A {@link ClusterStore} on Apache Ratis that keeps itself in a directory: a log that is forced to disk before a transaction
 * is acknowledged, and snapshots.
 *
 * <pre>{@code
 * try (var store = RatisClusterStore.builder(directory).build()) {
 *     store.commit(Transaction.builder().put("apps/1", json).build());
 * }
 * }</pre>
 */
public final class RatisClusterStore implements ClusterStore {

    /** How much of the disk the store leaves free unless told otherwise. */
    public static final long DEFAULT_DISK_RESERVE_BYTES = 32L << 20;

    private final Clock clock;
    private final LiveState state;
    private final RaftSupervisor raft;
    private final Closer resources = new Closer();
    private volatile boolean closed;

    private RatisClusterStore(Builder builder) {
        this.clock = builder.clock;
        try {
            DataDirectory directory = resources.register(DataDirectory.open(builder.dataDirectory));
            this.state = resources.register(new LiveState(builder.limits));
            var disk = new DiskRoom(directory.path(), builder.diskReserveBytes);
            this.raft =
                    resources.register(new RaftSupervisor(directory, state, builder.limits, builder.settings, disk));
            raft.start();
        } catch (IOException e) {
            throw closedAfter(FlynnException.internal("cannot use " + builder.dataDirectory, e));
        } catch (RuntimeException e) {
            throw closedAfter(e);
        }
    }

    private RuntimeException closedAfter(RuntimeException failure) {
        resources.closeAfter(failure);
        return failure;
    }

    /** A store in this directory, which is empty or an earlier store's. */
    public static Builder builder(Path dataDirectory) {
        return new Builder(dataDirectory);
    }

    @Override
    public Set<StoreCapability> capabilities() {
        return Set.of(StoreCapability.DURABLE);
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        awaitConsistency(consistency);
        return state.get(key);
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        awaitConsistency(consistency);
        return state.list(prefix);
    }

    private void awaitConsistency(Consistency consistency) {
        requireOpen();
        if (consistency == Consistency.LINEARIZABLE) {
            raft.awaitReadBarrier();
        }
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        requireOpen();
        byte[] command = StoreCodec.encode(new Command(clock.millis(), transaction));
        RaftClientReply reply = raft.write(Message.valueOf(UnsafeByteOperations.unsafeWrap(command)));
        return StoreCodec.decodeResult(reply.getMessage().getContent().newInput());
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        requireOpen();
        return state.watch(prefix, afterRevision, watcher);
    }

    @Override
    public void close() {
        closed = true;
        synchronized (resources) {
            resources.close();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the cluster store is closed");
        }
    }

    /** What a store needs to know before it opens. */
    public static final class Builder {

        private final Path dataDirectory;
        private Clock clock = Clock.systemUTC();
        private StoreLimits limits = StoreLimits.DEFAULTS;
        private RaftSettings settings = RaftSettings.DEFAULTS;
        private long diskReserveBytes = DEFAULT_DISK_RESERVE_BYTES;

        private Builder(Path dataDirectory) {
            this.dataDirectory = requireNonNull(dataDirectory, "dataDirectory");
        }

        /** Where transactions get their time from, which decides how long their ids are recognised. */
        public Builder clock(Clock value) {
            clock = requireNonNull(value, "clock");
            return this;
        }

        /** Changes are refused while the disk has less than this. */
        public Builder diskReserveBytes(long value) {
            if (value < 0) {
                throw FlynnException.invalid("disk-reserve-bytes is not negative, was " + value);
            }
            diskReserveBytes = value;
            return this;
        }

        /** A snapshot is written, and the log before it dropped, after so many transactions. */
        public Builder snapshotEvery(long transactions) {
            if (transactions < 1) {
                throw FlynnException.invalid("snapshot-every is at least 1, was " + transactions);
            }
            settings = new RaftSettings(transactions);
            return this;
        }

        Builder limits(StoreLimits value) {
            limits = value;
            return this;
        }

        /**
         * Opens the store; it is ready when this returns.
         *
         * @throws FlynnException {@code CONFLICT} if another process has the directory, {@code VALIDATION} if it is not a
         *     store's, {@code UNKNOWN} if it is damaged
         */
        public RatisClusterStore build() {
            return new RatisClusterStore(this);
        }
    }
}
