package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.base.NamedThreads;
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
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

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

    private static final Duration DEFAULT_PATIENCE = Duration.ofSeconds(10);

    private final DataDirectory directory;
    private final LiveState state;
    private final RaftSupervisor raft;
    private final LeaderRequests leader;
    private final @Nullable Membership membership;
    private final Closer resources = new Closer();
    private volatile boolean closed;

    private RatisClusterStore(Builder builder) {
        this.directory = resources.register(DataDirectory.open(builder.dataDirectory, builder.owner()));
        try {
            this.state = resources.register(new LiveState(builder.limits));
            var disk = new DiskRoom(directory.path(), builder.diskReserveBytes);
            @Nullable PeerCalls calls = builder.peers == null ? null : connect(builder.peers);
            this.raft = resources.register(
                    new RaftSupervisor(directory, state, builder.limits, builder.settings, disk, calls));
            this.leader = new LeaderRequests(raft, disk, calls, builder.patience);
            this.membership = calls == null ? null : new Membership(raft, leader, calls);
            raft.start();
            if (calls != null) {
                resources.register(calls).start();
                meet(calls);
            }
        } catch (IOException e) {
            throw closedAfter(FlynnException.internal("cannot use " + builder.dataDirectory, e));
        } catch (RuntimeException e) {
            throw closedAfter(e);
        }
    }

    private PeerCalls connect(PeerSettings peers) throws IOException {
        ExecutorService threads = Executors.newCachedThreadPool(new NamedThreads("store-peer"));
        resources.register(threads::shutdownNow);
        var calls = new PeerCalls(peers.transport(), directory, peers.self().address(), threads);
        directory.founders().forEach(founder -> calls.learn(founder.id(), founder.address()));
        return calls;
    }

    /** Finds out now, rather than by and by, if the others want nothing to do with this replica. */
    private void meet(PeerCalls calls) throws IOException {
        calls.knowVoters(this::isVoter);
        try {
            calls.introduceTo(
                    raft.running().members().stream().map(StoreMember::id).toList());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while the cluster store was opened", e);
        }
    }

    private boolean isVoter(String peer) {
        try {
            return raft.running().members().stream()
                    .anyMatch(member -> member.isVoter() && member.id().equals(peer));
        } catch (IOException | FlynnException unknown) {
            return true;
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

    /** {@code REPLICATED} while there are so many voters that one can be lost. */
    @Override
    public Set<StoreCapability> capabilities() {
        boolean isReplicated = membership != null
                && !closed
                && members().stream().filter(StoreMember::isVoter).count() >= 3;
        return isReplicated
                ? Set.of(StoreCapability.DURABLE, StoreCapability.REPLICATED)
                : Set.of(StoreCapability.DURABLE);
    }

    @Override
    public Optional<StoreEntry> get(String key, Consistency consistency) {
        return read(consistency, () -> state.get(key));
    }

    @Override
    public StoreSnapshot list(String prefix, Consistency consistency) {
        return read(consistency, () -> state.list(prefix));
    }

    private <T> T read(Consistency consistency, Supplier<T> local) {
        requireOpen();
        return consistency == Consistency.LINEARIZABLE ? leader.read(local) : local.get();
    }

    @Override
    public CommitResult commit(Transaction transaction) {
        requireOpen();
        return leader.commit(transaction);
    }

    /** Names the cluster: replicas of different clusters never merge. */
    public UUID cluster() {
        return directory.group();
    }

    /** Names this replica. */
    public String peer() {
        return directory.peer();
    }

    /** Everybody who keeps a replica, as far as this one knows, by id. */
    public List<StoreMember> members() {
        requireOpen();
        try {
            return raft.running().members();
        } catch (IOException e) {
            throw FlynnException.unavailable("the cluster store is not open yet", e);
        }
    }

    /** Who leads, as far as this replica knows. */
    public Optional<String> leader() {
        requireOpen();
        return raft.running().leader();
    }

    /**
     * Adds a replica that was opened with {@link Builder#join}: it gets everything, and everything to come. Adding it again
     * does nothing but tell everybody where it is now.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if it does not answer
     */
    public void addListener(StorePeer peer) {
        change(MembershipChange.Kind.ADD_LISTENER, peer.id(), peer.address());
    }

    /** Makes a listener a voter; there should be one, three or five of them in the end. */
    public void promote(String peer) {
        change(MembershipChange.Kind.PROMOTE, peer, "");
    }

    /**
     * Makes a voter a listener, dead or alive.
     *
     * @throws FlynnException {@code VALIDATION} if it is the last voter
     */
    public void demote(String peer) {
        change(MembershipChange.Kind.DEMOTE, peer, "");
    }

    /**
     * Has a replica belong no longer, dead or alive; its directory is of no use any more. Removing it again does nothing.
     *
     * @throws FlynnException {@code VALIDATION} if it is the last voter
     */
    public void remove(String peer) {
        change(MembershipChange.Kind.REMOVE, peer, "");
    }

    /** Has another voter lead, if this replica does. */
    boolean handOver(String peer) {
        return raft.running().handOver(peer).join().isSuccess();
    }

    private void change(MembershipChange.Kind kind, String peer, String address) {
        requireOpen();
        if (membership == null) {
            throw FlynnException.unsupported("changing the members of a cluster store without a transport");
        }
        membership.change(new MembershipChange(kind, peer, address));
    }

    /** Whether this replica leads and takes changes without another's help. */
    public boolean isLeader() {
        return raft.isLeader();
    }

    @Override
    public Subscription watch(String prefix, long afterRevision, StoreWatcher watcher) {
        requireOpen();
        return state.watch(prefix, afterRevision, watcher);
    }

    /**
     * Tells the store that its host is about to end: requests go on as ever while somebody leads, but wait no longer than this,
     * all of them together, for a leader. A host that ends when the others are gone ends soon. Callable from any thread.
     */
    public void prepareClose(Duration leaderless) {
        leader.waitForLeaderAtMost(leaderless);
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

    /** How this peer is reached, and reaches the others. */
    private record PeerSettings(StorePeer self, PeerTransport transport) {}

    /** What a store needs to know before it opens. */
    public static final class Builder {

        private final Path dataDirectory;
        private Optional<UUID> cluster = Optional.empty();
        private @Nullable PeerSettings peers;
        private Optional<List<StorePeer>> founders = Optional.empty();
        private Duration patience = DEFAULT_PATIENCE;
        private StoreLimits limits = StoreLimits.DEFAULTS;
        private RaftSettings settings = RaftSettings.DEFAULTS;
        private long diskReserveBytes = DEFAULT_DISK_RESERVE_BYTES;

        private Builder(Path dataDirectory) {
            this.dataDirectory = requireNonNull(dataDirectory, "dataDirectory");
        }

        /**
         * Names the cluster, if this directory is not of one yet. Replicas of different clusters never merge.
         */
        public Builder cluster(UUID id) {
            cluster = Optional.of(id);
            return this;
        }

        /** Makes this one replica of several, which reach each other by this transport. */
        public Builder peer(StorePeer self, PeerTransport transport) {
            peers = new PeerSettings(self, transport);
            return this;
        }

        /**
         * Has a new group begin with these voters, of which this peer is one; each of them is told the same. Without
         * meaning once the directory is a replica's.
         */
        public Builder found(Collection<StorePeer> voters) {
            founders = Optional.of(List.copyOf(voters));
            return this;
        }

        /** Has this peer wait until a member adds it to an existing group; the counterpart of {@link #found}. */
        public Builder join() {
            founders = Optional.of(List.of());
            return this;
        }

        /** How long a request is tried before it fails; ten seconds unless told otherwise. */
        public Builder patience(Duration value) {
            if (value.isNegative() || value.isZero()) {
                throw FlynnException.invalid("patience is positive, was " + value);
            }
            patience = value;
            return this;
        }

        private DataDirectory.Owner owner() {
            if (founders.isPresent() && peers == null) {
                throw FlynnException.invalid("a store that has peers needs a transport: call peer(...)");
            }
            return new DataDirectory.Owner(
                    cluster, Optional.ofNullable(peers).map(mine -> mine.self().id()), founders);
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
