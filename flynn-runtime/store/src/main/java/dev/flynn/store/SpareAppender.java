package dev.flynn.store;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.protocol.RaftPeer;
import org.apache.ratis.protocol.RaftPeerId;
import org.apache.ratis.rpc.CallId;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.RaftServer;
import org.apache.ratis.server.leader.FollowerInfo;
import org.apache.ratis.server.leader.LeaderState;
import org.apache.ratis.server.leader.LogAppenderBase;
import org.apache.ratis.util.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * Does nothing, in place of the first of two appenders for the same peer. Whoever comes to lead while a listener is being made a
 * voter, or a voter a listener, finds that peer among both; Ratis (3.3.0) wants an appender for each, and then refuses to lead
 * because two have the same name. It uses what it remembers of the second one's.
 */
final class SpareAppender extends LogAppenderBase {

    private final RaftPeerId name;

    SpareAppender(RaftServer.Division server, LeaderState leader, FollowerInfo follower) {
        super(server, leader, follower);
        this.name = RaftPeerId.valueOf(follower.getId() + ", once more");
    }

    /** Of nobody, so that it is removed as soon as the change is done. */
    @Override
    public RaftPeerId getFollowerId() {
        return name;
    }

    @Override
    public void start() {}

    @Override
    public void run() {}

    @Override
    public boolean isRunning() {
        return false;
    }

    @Override
    public CompletableFuture<LifeCycle.State> stopAsync() {
        return CompletableFuture.completedFuture(LifeCycle.State.CLOSED);
    }

    @Override
    public long getCallId() {
        return CallId.get();
    }

    @Override
    public Comparator<Long> getCallIdComparator() {
        return CallId.getComparator();
    }

    /** Knows which appenders there will be another of. Thread-safe. */
    static final class Doubles {

        private @Nullable LeaderState leader;
        private final Set<RaftPeerId> seen = new HashSet<>();

        /** Whether Ratis will ask for another one for this peer, of the same leader. */
        synchronized boolean isFirst(RaftServer.Division server, LeaderState asking, FollowerInfo follower) {
            if (asking != leader) {
                leader = asking;
                seen.clear();
            }
            RaftConfiguration members = server.getRaftConf();
            return isAmong(members.getAllPeers(RaftPeerRole.FOLLOWER), follower)
                    && isAmong(members.getAllPeers(RaftPeerRole.LISTENER), follower)
                    && seen.add(follower.getId());
        }

        private static boolean isAmong(Collection<RaftPeer> peers, FollowerInfo follower) {
            return peers.stream().anyMatch(peer -> peer.getId().equals(follower.getId()));
        }
    }
}
