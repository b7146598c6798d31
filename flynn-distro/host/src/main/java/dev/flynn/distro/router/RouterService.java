package dev.flynn.distro.router;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.KeyPassword;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Tells programs on this host what the cluster's routers have carried. */
public final class RouterService {

    static final String SERVICE = "routers";
    static final String TRAFFIC = "traffic";

    private static final String ROUTER_API = "router-api";
    private static final Duration PATIENCE = Duration.ofSeconds(3);

    private final Discovery discovery;
    private final Supplier<String> key;
    private final FlynnJson json;
    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(PATIENCE)
            .build();

    private RouterService(Discovery discovery, Supplier<String> key, FlynnJson json) {
        this.discovery = discovery;
        this.key = key;
        this.json = json;
    }

    /**
     * Serves until the subscription is closed.
     *
     * @param key of the cluster
     */
    public static Subscription serve(HostLink link, Discovery discovery, Supplier<String> key, FlynnJson json) {
        var service = new RouterService(discovery, key, json);
        return link.serveBlocking(SERVICE, (caller, method, request) -> {
            if (!method.equals(TRAFFIC)) {
                throw FlynnException.unsupported("\"" + method + "\" of the routers");
            }
            return json.writeBytes(service.sample());
        });
    }

    private RouterSample sample() {
        String authorization = KeyPassword.authorization(key.get());
        List<CompletableFuture<RouterSample.OfRouter>> answers = discovery.instances(ROUTER_API).stream()
                .map(Instance::addr)
                .sorted()
                .map(addr -> ask(addr, authorization))
                .toList();
        return new RouterSample(
                System.nanoTime(), answers.stream().map(CompletableFuture::join).toList());
    }

    private CompletableFuture<RouterSample.OfRouter> ask(String addr, String authorization) {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://" + addr + "/metrics.json"))
                .header("Authorization", authorization)
                .timeout(PATIENCE)
                .build();
        return http.sendAsync(request, BodyHandlers.ofString())
                .thenApply(answer -> read(addr, answer))
                .exceptionally(failure -> RouterSample.OfRouter.silent(addr, "does not answer: " + reason(failure)));
    }

    private RouterSample.OfRouter read(String addr, HttpResponse<String> answer) {
        return answer.statusCode() == 200
                ? RouterSample.OfRouter.telling(addr, json.read(answer.body(), Traffic.class))
                : RouterSample.OfRouter.silent(addr, "answers " + answer.statusCode());
    }

    private static String reason(Throwable failure) {
        Throwable cause = failure.getCause() == null ? failure : failure.getCause();
        return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    }
}
