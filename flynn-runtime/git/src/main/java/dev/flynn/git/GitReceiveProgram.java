package dev.flynn.git;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.BlobSignature;
import dev.flynn.base.DiskReserve;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;

/**
 * The system app {@code gitreceive}: takes pushes on {@code LISTEN_IP:PORT} from those who have {@code CONTROLLER_KEY}, or a key
 * that the controller would let deploy the app, and deploys them with the images {@code SLUGBUILDER_IMAGE_URI} and {@code SLUGRUNNER_IMAGE_URI}. {@code SSH_CLIENT_KEY} and
 * {@code SSH_CLIENT_HOSTS} are given to builds; {@code DISK_RESERVE_BYTES} of the disk are left to the platform.
 */
public final class GitReceiveProgram implements BuiltinProgram {

    private static final Set<String> PASSED_ON = Set.of("SSH_CLIENT_KEY", "SSH_CLIENT_HOSTS");

    private final Path directory;
    private final Discovery discovery;
    private final Clock clock;
    private final Connect connect;

    /** @param directory where the repositories are kept */
    public GitReceiveProgram(Path directory, Discovery discovery, Clock clock) {
        this(directory, discovery, clock, overHttp());
    }

    GitReceiveProgram(Path directory, Discovery discovery, Clock clock, Connect connect) {
        this.directory = directory;
        this.discovery = discovery;
        this.clock = clock;
        this.connect = connect;
    }

    private static Connect overHttp() {
        var json = new FlynnJson();
        return (url, key, onBehalfOf) -> new HttpController(url, key, onBehalfOf, json);
    }

    /** Opens the controller at a URL. */
    @FunctionalInterface
    interface Connect {
        Controller open(String url, String key, Optional<String> onBehalfOf);
    }

    @Override
    public String name() {
        return "gitreceive";
    }

    @Override
    public AutoCloseable start(BuiltinJob job) throws Exception {
        Map<String, String> env = job.env();
        String key = require(env, "CONTROLLER_KEY");
        var images = new BuildImages(
                require(env, "SLUGBUILDER_IMAGE_URI"), require(env, "SLUGRUNNER_IMAGE_URI"), passedOn(env));
        long reserve =
                Long.parseLong(env.getOrDefault(DiskReserve.VARIABLE, String.valueOf(DiskReserve.DEFAULT_BYTES)));
        var services = new ClusterServices(discovery, require(env, "LISTEN_IP"), key, connect);
        var blobs = new Blobs(services, new BlobSignature(key));
        ExecutorService sessions = java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("git"));
        var receiver = new Receiver(services, new Slugs(blobs), images, clock, sessions);
        var pushes = new ActivePushes(sessions);
        OwnGitConfig.use(directory);
        var repositories = new Repositories(directory);
        var bundles = new RepositoryBundles(blobs);
        var sweep = new RepositorySweep(repositories, services);
        var handler = new GitHandler(
                repositories,
                bundles,
                new GitKeys(key, services),
                services,
                receiver,
                new DiskReserve(directory, reserve),
                pushes,
                sessions);
        var server = new HttpServer();
        server.addListener(
                new NetworkListener("gitreceive", require(env, "LISTEN_IP"), Integer.parseInt(require(env, "PORT"))));
        server.getServerConfiguration().addHttpHandler(handler, "/");
        try {
            server.start();
        } catch (IOException e) {
            sweep.close();
            pushes.close();
            throw e;
        }
        sweep.start();
        return () -> {
            sweep.close();
            pushes.close();
            server.shutdown(2, TimeUnit.SECONDS).get(3, TimeUnit.SECONDS);
            Executors.stop(sessions, "git", Duration.ofSeconds(2));
        };
    }

    private static Map<String, String> passedOn(Map<String, String> env) {
        Map<String, String> passed = new HashMap<>(env);
        passed.keySet().retainAll(PASSED_ON);
        passed.values().removeIf(String::isEmpty);
        return passed;
    }

    private static String require(Map<String, String> env, String name) {
        String value = env.get(name);
        if (value == null || value.isEmpty()) {
            throw FlynnException.invalid("gitreceive needs the environment variable " + name);
        }
        return value;
    }
}
