package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import java.nio.file.Path;
import java.util.Map;

/**
 * The system app {@code blobstore}: serves the cluster's objects on {@code LISTEN_IP:PORT} to those who have
 * {@code CONTROLLER_KEY}. One runs on every host; each keeps copies in its own directory.
 */
public final class BlobStoreProgram implements BuiltinProgram {

    private final Path directory;
    private final ClusterState state;
    private final Discovery discovery;

    /** @param directory of this host's copies, which no other program uses */
    public BlobStoreProgram(Path directory, ClusterState state, Discovery discovery) {
        this.directory = directory;
        this.state = state;
        this.discovery = discovery;
    }

    @Override
    public String name() {
        return "blobstore";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) throws Exception {
        Map<String, String> env = job.env();
        var settings = new BlobNode.Settings(
                job.spec().id().hostId(),
                require(env, "LISTEN_IP"),
                Integer.parseInt(require(env, "PORT")),
                require(env, "CONTROLLER_KEY"),
                Long.parseLong(env.getOrDefault(DiskReserve.VARIABLE, String.valueOf(DiskReserve.DEFAULT_BYTES))));
        return new BlobNode(directory, state, discovery, settings, Repair.Pace.USUAL);
    }

    private static String require(Map<String, String> env, String name) {
        String value = env.get(name);
        if (value == null || value.isEmpty()) {
            throw FlynnException.invalid("blobstore needs the environment variable " + name);
        }
        return value;
    }
}
