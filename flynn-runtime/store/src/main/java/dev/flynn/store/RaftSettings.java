package dev.flynn.store;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log;
import org.apache.ratis.server.RaftServerConfigKeys.Rpc;
import org.apache.ratis.server.RaftServerConfigKeys.Snapshot;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * How we run Ratis: small buffers, because a host has little memory to give, and few wake-ups, because it mostly idles.
 *
 * @param snapshotEvery how many transactions are between two snapshots
 */
record RaftSettings(long snapshotEvery) {

    static final RaftSettings DEFAULTS = new RaftSettings(50_000);

    private static final SizeInBytes SEGMENT = SizeInBytes.valueOf("4MB");
    private static final SizeInBytes PREALLOCATED = SizeInBytes.valueOf("1MB");
    /** A log entry is a command, what Ratis writes around it, and a little air. */
    static final int MAX_ENTRY_BYTES = StoreCodec.MAX_COMMAND_BYTES + (64 << 10);

    private static final SizeInBytes ENTRY = SizeInBytes.valueOf(MAX_ENTRY_BYTES);

    private static final SizeInBytes WRITE_BUFFER = SizeInBytes.valueOf(ENTRY.getSize() + 8);
    private static final SizeInBytes QUEUE = SizeInBytes.valueOf("16MB");

    /** So many entries stay in the log behind a snapshot, so that a peer slightly behind needs none. */
    private static final long PRESERVED = 1000;

    /** A host may sleep for hours (a laptop, a paused virtual machine): that is no reason to close its store. */
    private static final TimeDuration NEVER = TimeDuration.valueOf(3650, TimeUnit.DAYS);

    /** For a store of one peer, without a network. */
    RaftProperties alone(Path directory) {
        RaftProperties properties = common(directory);
        RaftConfigKeys.Rpc.setType(properties, new SinglePeerRpc());
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, NEVER);
        // an election among one is won as soon as it begins; the other two only say how often Ratis' threads wake up
        setTimeouts(properties, 1, 5, 1000, 2000);
        Log.setPurgeGap(properties, 1);
        return properties;
    }

    /** For a peer among others. */
    RaftProperties withPeers(Path directory) {
        RaftProperties properties = common(directory);
        RaftConfigKeys.Rpc.setType(properties, new PeerRpc());
        // who was left by the majority gives the others a chance first
        RaftServerConfigKeys.LeaderElection.setLeaderStepDownWaitTime(properties, millis(1000));
        setTimeouts(properties, 100, 400, 600, 1200);
        // followers fetch snapshots themselves, and force them to disk
        Log.Appender.setInstallSnapshotEnabled(properties, false);
        // requests are appended one after the other (see PeerRpc)
        Log.setAppendEntriesComposeEnabled(properties, false);
        Log.setPurgeGap(properties, 1);
        Log.setPurgePreservationLogNum(properties, PRESERVED);
        return properties;
    }

    private RaftProperties common(Path directory) {
        var properties = new RaftProperties();
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.toFile()));
        RaftServerConfigKeys.setCloseThreshold(properties, NEVER);
        RaftServerConfigKeys.setSleepDeviationThreshold(properties, TimeDuration.valueOf(10, TimeUnit.SECONDS));
        // transactions have ids of their own: Ratis need not remember replies, of which a second is megabytes
        RaftServerConfigKeys.RetryCache.setExpiryTime(properties, millis(50));
        RaftServerConfigKeys.Write.setByteLimit(properties, QUEUE);
        setLog(properties);
        Snapshot.setAutoTriggerEnabled(properties, true);
        // Ratis takes one only at the end, the state machine writes those in between by itself
        Snapshot.setAutoTriggerThreshold(properties, Long.MAX_VALUE);
        Snapshot.setCreationGap(properties, 1);
        return properties;
    }

    private static void setTimeouts(RaftProperties properties, long firstMin, long firstMax, long min, long max) {
        Rpc.setFirstElectionTimeoutMin(properties, millis(firstMin));
        Rpc.setFirstElectionTimeoutMax(properties, millis(firstMax));
        Rpc.setTimeoutMin(properties, millis(min));
        Rpc.setTimeoutMax(properties, millis(max));
    }

    private static void setLog(RaftProperties properties) {
        Log.setSegmentSizeMax(properties, SEGMENT);
        Log.setPreallocatedSize(properties, PREALLOCATED);
        Log.setWriteBufferSize(properties, WRITE_BUFFER);
        Log.Appender.setBufferByteLimit(properties, ENTRY);
        Log.setQueueByteLimit(properties, QUEUE);
        Log.setSegmentCacheNumMax(properties, 2);
        Log.setSegmentCacheSizeMax(properties, SEGMENT);
        // the commit index is known again as soon as there is a leader: no entry of its own for each
        Log.setLogMetadataEnabled(properties, false);
        Log.setPurgeUptoSnapshotIndex(properties, true);
    }

    private static TimeDuration millis(long value) {
        return TimeDuration.valueOf(value, TimeUnit.MILLISECONDS);
    }
}
