package dev.flynn.store;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.RaftConfigKeys;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.netty.NettyConfigKeys;
import org.apache.ratis.rpc.SupportedRpcType;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.apache.ratis.server.RaftServerConfigKeys.Log;
import org.apache.ratis.server.RaftServerConfigKeys.Read;
import org.apache.ratis.server.RaftServerConfigKeys.Rpc;
import org.apache.ratis.server.RaftServerConfigKeys.Snapshot;
import org.apache.ratis.util.SizeInBytes;
import org.apache.ratis.util.TimeDuration;

/**
 * How we run Ratis: small buffers, because a host has little memory to give, and short time-outs, because an election among
 * one is quickly won.
 *
 * @param rpcHost the address that other peers would reach; loopback while there is one
 * @param rpcPort 0 for any that is free
 * @param snapshotEvery how many log entries are applied between two snapshots
 */
record RaftSettings(String rpcHost, int rpcPort, long snapshotEvery) {

    static final RaftSettings DEFAULTS = new RaftSettings("127.0.0.1", 0, 10_000);

    private static final SizeInBytes SEGMENT = SizeInBytes.valueOf("4MB");
    private static final SizeInBytes PREALLOCATED = SizeInBytes.valueOf("1MB");
    /** A log entry is a command, what Ratis writes around it, and a little air. */
    private static final SizeInBytes ENTRY = SizeInBytes.valueOf(StoreCodec.MAX_COMMAND_BYTES + (64 << 10));

    private static final SizeInBytes WRITE_BUFFER = SizeInBytes.valueOf(ENTRY.getSize() + 8);
    private static final SizeInBytes QUEUE = SizeInBytes.valueOf("16MB");

    /** A host may sleep for hours (a laptop, a paused virtual machine): that is no reason to close its store. */
    private static final TimeDuration NEVER = TimeDuration.valueOf(3650, TimeUnit.DAYS);

    RaftSettings withSnapshotEvery(long transactions) {
        return new RaftSettings(rpcHost, rpcPort, transactions);
    }

    RaftProperties properties(Path directory, int peers) {
        var properties = new RaftProperties();
        RaftServerConfigKeys.setStorageDir(properties, List.of(directory.toFile()));
        RaftServerConfigKeys.setCloseThreshold(properties, NEVER);
        RaftConfigKeys.Rpc.setType(properties, SupportedRpcType.NETTY);
        NettyConfigKeys.Server.setHost(properties, rpcHost);
        NettyConfigKeys.Server.setPort(properties, rpcPort);
        NettyConfigKeys.Server.setUseEpoll(properties, false);
        NettyConfigKeys.Client.setUseEpoll(properties, false);
        setTimeouts(properties, peers);
        setLog(properties);
        Snapshot.setAutoTriggerEnabled(properties, true);
        Snapshot.setAutoTriggerThreshold(properties, snapshotEvery);
        Snapshot.setCreationGap(properties, 1);
        Snapshot.setRetentionFileNum(properties, 2);
        Read.setOption(properties, Read.Option.LINEARIZABLE);
        return properties;
    }

    private static void setTimeouts(RaftProperties properties, int peers) {
        int min = peers == 1 ? 30 : 500;
        int max = peers == 1 ? 60 : 1000;
        Rpc.setTimeoutMin(properties, millis(min));
        Rpc.setTimeoutMax(properties, millis(max));
        Rpc.setFirstElectionTimeoutMin(properties, millis(peers == 1 ? 5 : min));
        Rpc.setFirstElectionTimeoutMax(properties, millis(peers == 1 ? 10 : max));
        // transactions have ids of their own: Ratis need not remember replies
        RaftServerConfigKeys.RetryCache.setExpiryTime(properties, millis(1000));
        RaftServerConfigKeys.Write.setByteLimit(properties, QUEUE);
    }

    private static void setLog(RaftProperties properties) {
        Log.setSegmentSizeMax(properties, SEGMENT);
        Log.setPreallocatedSize(properties, PREALLOCATED);
        Log.setWriteBufferSize(properties, WRITE_BUFFER);
        Log.Appender.setBufferByteLimit(properties, ENTRY);
        Log.setQueueByteLimit(properties, QUEUE);
        Log.setSegmentCacheNumMax(properties, 2);
        Log.setSegmentCacheSizeMax(properties, SEGMENT);
        Log.setPurgeGap(properties, 1);
        Log.setPurgeUptoSnapshotIndex(properties, true);
    }

    private static TimeDuration millis(long value) {
        return TimeDuration.valueOf(value, TimeUnit.MILLISECONDS);
    }
}
