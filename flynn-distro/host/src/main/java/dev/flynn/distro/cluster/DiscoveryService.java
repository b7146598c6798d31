package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.distro.cluster.ListedInstance.Many;
import dev.flynn.distro.cluster.ListedInstance.One;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where hosts of a cluster that is being built find each other (contract: layer 0, Cluster discovery token service). It knows
 * nothing secret: its lists are of addresses, and who is let in is decided by the cluster's own join tokens.
 */
final class DiscoveryService implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DiscoveryService.class);

    static final int MAX_BODY_BYTES = 64 * 1024;
    static final int NEW_CLUSTERS_PER_MINUTE = 60;

    private static final int MAX_CLUSTERS = 100_000;
    private static final int MAX_WORKERS = 8;
    private static final int REQUEST_SECONDS = 15;
    private static final Pattern INSTANCES = Pattern.compile("/clusters/([^/]{1,100})/instances");

    private final FlynnJson json = new FlynnJson();
    private final ClusterLists lists;
    private final LongSupplier nanoTime;
    private final HttpServer server = new HttpServer();
    private final InetSocketAddress address;

    private double newClusters = NEW_CLUSTERS_PER_MINUTE;
    private long filledAt;

    /** @param listen port 0 takes any free one */
    DiscoveryService(InetSocketAddress listen, Path directory, Clock clock) {
        this(listen, new ClusterLists(directory, MAX_CLUSTERS, clock), System::nanoTime);
    }

    DiscoveryService(InetSocketAddress listen, ClusterLists lists, LongSupplier nanoTime) {
        this.lists = lists;
        this.nanoTime = nanoTime;
        this.filledAt = nanoTime.getAsLong();
        var listener =
                new NetworkListener("discovery-service", listen.getAddress().getHostAddress(), listen.getPort());
        listener.getTransport()
                .setWorkerThreadPoolConfig(ThreadPoolConfig.defaultConfig()
                        .setPoolName("discovery-service")
                        .setCorePoolSize(1)
                        .setMaxPoolSize(MAX_WORKERS)
                        .setThreadFactory(new NamedThreads("discovery-service")));
        listener.getTransport().setSelectorRunnersCount(1);
        listener.getTransport().setServerSocketSoTimeout(REQUEST_SECONDS * 1000);
        listener.getKeepAlive().setIdleTimeoutInSeconds(REQUEST_SECONDS);
        listener.setTransactionTimeout(REQUEST_SECONDS);
        listener.setMaxFormPostSize(MAX_BODY_BYTES);
        server.addListener(listener);
        server.getServerConfiguration()
                .addHttpHandler(
                        new HttpHandler() {
                            @Override
                            public void service(Request request, Response response) throws IOException {
                                answer(request, response);
                            }
                        },
                        "/");
        try {
            server.start();
        } catch (IOException e) {
            throw new FlynnException(
                    ErrorCode.CONFLICT, "cannot listen on %s: %s".formatted(listen, e.getMessage()), e);
        }
        this.address = new InetSocketAddress(listen.getAddress(), listener.getPort());
    }

    InetSocketAddress address() {
        return address;
    }

    private void answer(Request request, Response response) throws IOException {
        try {
            route(request, response);
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.UNKNOWN) {
                log.atError().setCause(e).log("a request failed");
            }
            write(response, e.code().httpStatus(), ErrorBody.of(e, json));
        } catch (RuntimeException e) {
            log.atError().setCause(e).log("a request failed");
            write(response, 500, new ErrorBody("unknown_error", ErrorBody.SOMETHING_WENT_WRONG, null, false));
        }
    }

    private void route(Request request, Response response) throws IOException {
        String path = request.getRequestURI();
        Matcher instances = INSTANCES.matcher(path);
        if (path.equals("/clusters") && request.getMethod().equals(Method.POST)) {
            requireRate();
            String agent = Optional.ofNullable(request.getHeader("User-Agent")).orElse("");
            String id = lists.create(request.getRemoteAddr(), agent);
            response.setStatus(201);
            response.setHeader("Location", "/clusters/" + id);
            response.setContentLength(0);
        } else if (instances.matches() && request.getMethod().equals(Method.POST)) {
            register(instances.group(1), request, response);
        } else if (instances.matches() && request.getMethod().equals(Method.GET)) {
            write(response, 200, new Many(lists.instances(instances.group(1))));
        } else {
            throw new FlynnException(ErrorCode.NOT_FOUND, "there is no such page here");
        }
    }

    private void register(String cluster, Request request, Response response) throws IOException {
        One wanted = json.read(new String(body(request), UTF_8), One.class);
        if (wanted == null || wanted.data() == null) {
            throw FlynnException.invalidField("data", "is missing");
        }
        Optional<ClusterLists.Entry> entry = lists.register(cluster, wanted.data());
        if (entry.isEmpty()) {
            // clients of this protocol know 500 for it
            write(
                    response,
                    500,
                    new ErrorBody(
                            "unknown_error", "there is no such cluster; make one with POST /clusters", null, false));
            return;
        }
        ListedInstance instance = entry.get().instance();
        response.setHeader("Location", "/clusters/%s/instances/%s".formatted(cluster, instance.id()));
        write(response, entry.get().isNew() ? 201 : 409, new One(instance));
    }

    private static byte[] body(Request request) throws IOException {
        try (InputStream in = request.getInputStream()) {
            byte[] body = in.readNBytes(MAX_BODY_BYTES + 1);
            if (body.length > MAX_BODY_BYTES) {
                throw new FlynnException(
                        ErrorCode.REQUEST_BODY_TOO_BIG, "a body has at most %d bytes".formatted(MAX_BODY_BYTES));
            }
            return body;
        }
    }

    private synchronized void requireRate() {
        long now = nanoTime.getAsLong();
        newClusters =
                Math.min(NEW_CLUSTERS_PER_MINUTE, newClusters + (now - filledAt) / 60e9 * NEW_CLUSTERS_PER_MINUTE);
        filledAt = now;
        if (newClusters < 1) {
            throw new FlynnException(ErrorCode.RATE_LIMITED, "many clusters are made here now; try again in a minute");
        }
        newClusters--;
    }

    private void write(Response response, int status, Object content) throws IOException {
        byte[] body = json.writeBytes(content);
        response.setStatus(status);
        response.setContentType("application/json");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    @Override
    public void close() throws InterruptedException, ExecutionException {
        try {
            server.shutdown(1, TimeUnit.SECONDS).get(2, TimeUnit.SECONDS);
        } catch (TimeoutException stillBusy) {
            server.shutdownNow();
        }
    }
}
