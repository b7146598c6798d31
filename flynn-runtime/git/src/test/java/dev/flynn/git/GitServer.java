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

/** gitreceive on a port of its own, with everything around it faked. */
final class GitServer implements AutoCloseable {

    static final String KEY = "s3cret";

    final FakeDiscovery discovery = new FakeDiscovery();
    final FakeController controller = new FakeController(discovery);
    final FakeBlobs blobs = new FakeBlobs(KEY);
    final int port = freePort();

    private final AutoCloseable running;

    GitServer(Path directory, Map<String, String> settings) throws Exception {
        discovery.register("controller", Instance.of("tcp", "127.0.0.1:9", Map.of()));
        discovery.register("blobstore", Instance.of("tcp", blobs.address(), Map.of()));
        var program = new GitReceiveProgram(
                directory.resolve("repos"),
                discovery,
                Clock.fixed(FakeController.NOW, ZoneOffset.UTC),
                (url, key) -> controller);
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
        blobs.close();
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
