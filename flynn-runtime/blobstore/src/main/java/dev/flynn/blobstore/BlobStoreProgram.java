package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.blob.BlobStore;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;

/**
 * The system app {@code blobstore}: serves a {@link FileBlobStore} on {@code LISTEN_IP:PORT} to those who have
 * {@code CONTROLLER_KEY}.
 */
public final class BlobStoreProgram implements BuiltinProgram {

    private final Path directory;
    private final Clock clock;

    public BlobStoreProgram(Path directory, Clock clock) {
        this.directory = directory;
        this.clock = clock;
    }

    @Override
    public String name() {
        return "blobstore";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) throws Exception {
        Map<String, String> env = job.env();
        BlobStore blobs = new FileBlobStore(directory, clock);
        long reserve =
                Long.parseLong(env.getOrDefault(DiskReserve.VARIABLE, String.valueOf(DiskReserve.DEFAULT_BYTES)));
        var handler = new BlobHandler(blobs, require(env, "CONTROLLER_KEY"), new DiskReserve(directory, reserve));
        var server = new HttpServer();
        server.addListener(
                new NetworkListener("blobstore", require(env, "LISTEN_IP"), Integer.parseInt(require(env, "PORT"))));
        server.getServerConfiguration().addHttpHandler(handler, "/");
        server.getServerConfiguration().setAllowPayloadForUndefinedHttpMethods(true);
        server.start();
        return () -> {
            server.shutdown(2, TimeUnit.SECONDS).get(3, TimeUnit.SECONDS);
            blobs.close();
        };
    }

    private static String require(Map<String, String> env, String name) {
        String value = env.get(name);
        if (value == null || value.isEmpty()) {
            throw FlynnException.invalid("blobstore needs the environment variable " + name);
        }
        return value;
    }
}
