package dev.flynn.git;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.host.JobSpec;
import dev.flynn.spi.builtin.BuiltinJob;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.eclipse.jgit.util.FS;
import org.jspecify.annotations.Nullable;

/** gitreceive on a port of its own, with everything around it faked. */
final class GitServer implements AutoCloseable {

    static final String KEY = "s3cret";

    final FakeDiscovery discovery;
    final FakeController controller;
    final FakeBlobs blobs;
    final int port = freePort();

    private final AutoCloseable running;

    private final boolean alone;

    GitServer(Path directory, Map<String, String> settings) throws Exception {
        this(directory, settings, new FakeDiscovery(), new FakeBlobs(KEY), null);
    }

    /** Another instance of the same cluster. */
    static GitServer beside(GitServer other, Path directory) throws Exception {
        return new GitServer(directory, Map.of(), other.discovery, other.blobs, other.controller);
    }

    private GitServer(
            Path directory,
            Map<String, String> settings,
            FakeDiscovery discovery,
            FakeBlobs blobs,
            @Nullable FakeController controller)
            throws Exception {
        this.discovery = discovery;
        this.blobs = blobs;
        this.alone = controller == null;
        this.controller = controller == null ? new FakeController(discovery) : controller;
        FakeController known = this.controller;
        if (alone) {
            discovery.register("controller", Instance.of("tcp", "127.0.0.1:9", Map.of()));
            discovery.register("blobstore", Instance.of("tcp", blobs.address(), Map.of()));
        }
        measureFileSystem(directory);
        var program = new GitReceiveProgram(
                directory.resolve("repos"),
                discovery,
                Clock.fixed(FakeController.NOW, ZoneOffset.UTC),
                (url, key, onBehalfOf) -> known.as(key, onBehalfOf));
        Map<String, String> env = new HashMap<>(Map.of(
                "CONTROLLER_KEY", KEY,
                "LISTEN_IP", "127.0.0.1",
                "PORT", String.valueOf(port),
                "SLUGBUILDER_IMAGE_URI", "host:slugbuilder",
                "SLUGRUNNER_IMAGE_URI", "host:slugrunner",
                "DISK_RESERVE_BYTES", "1000"));
        env.putAll(settings);
        running = program.start(new Job(env));
    }

    /** What else happens beside the first requests, with files that are there when the directory is deleted. */
    private static void measureFileSystem(Path directory) {
        FS.FileStoreAttributes.setBackground(false);
        var unused = FS.getFileStoreAttributes(directory);
    }

    String url() {
        return "http://x:" + KEY + "@127.0.0.1:" + port + "/shop.git";
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() throws Exception {
        running.close();
        if (alone) {
            blobs.close();
        }
    }

    private record Job(Map<String, String> env) implements BuiltinJob {

        @Override
        public JobSpec spec() {
            throw new UnsupportedOperationException();
        }

        @Override
        public PrintStream out() {
            return System.out;
        }

        @Override
        public PrintStream err() {
            return System.err;
        }

        @Override
        public void fail(Throwable reason) {
            throw new AssertionError(reason);
        }
    }
}
