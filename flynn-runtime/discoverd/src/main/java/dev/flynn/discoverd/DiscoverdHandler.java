package dev.flynn.discoverd;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.DiscoveryEvent.Current;
import dev.flynn.api.discovery.DiscoveryEvent.Leader;
import dev.flynn.api.discovery.DiscoveryEvent.Meta;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.ErrorBody;
import dev.flynn.spi.discovery.Discovery;
import java.io.CharConversionException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The HTTP API (contract: layer 0, discoverd). */
final class DiscoverdHandler extends HttpHandler {

    private static final Logger log = LoggerFactory.getLogger(DiscoverdHandler.class);

    private static final int MAX_BODY_BYTES = 1 << 20;

    private final Discovery discovery;
    private final ClusterPeers peers;
    private final Streams streams;
    private final Bodies bodies = new Bodies();
    private volatile boolean stopped;

    DiscoverdHandler(Discovery discovery, ClusterPeers peers, Streams streams) {
        this.discovery = discovery;
        this.peers = peers;
        this.streams = streams;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        try {
            if (stopped) {
                throw FlynnException.unavailable("discoverd was shut down on this host", null);
            }
            answer(request, response);
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.UNKNOWN) {
                log.atWarn()
                        .setCause(e)
                        .addKeyValue("path", request.getRequestURI())
                        .log("request failed");
            }
            refuse(response, e);
        } catch (IOException | RuntimeException e) {
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("path", request.getRequestURI())
                    .log("request failed");
            refuse(response, FlynnException.internal("request failed", e));
        }
    }

    private void refuse(Response response, FlynnException e) throws IOException {
        if (!response.isCommitted()) {
            response.setStatus(e.code().httpStatus());
            json(response, bodies.writeAny(ErrorBody.of(e, bodies.json())));
        }
    }

    private void answer(Request request, Response response) throws IOException {
        String path = path(request);
        String method = request.getMethod().getMethodString();
        if (path.length() > 1 && path.endsWith("/")) {
            redirect(request, response, method);
            return;
        }
        List<String> parts = Arrays.asList(path.substring(1).split("/", -1));
        boolean known = switch (parts.get(0)) {
            case "services" -> parts.size() > 1 && service(method, parts, request, response);
            case "raft" -> parts.size() > 1 && raft(method, parts, request, response);
            default -> host(method + " " + path, response);
        };
        if (!known) {
            notFound(response);
        }
    }

    /** The root for one that cannot be read; nothing is there. */
    private static String path(Request request) {
        try {
            return request.getDecodedRequestURI();
        } catch (CharConversionException | IllegalArgumentException | IllegalStateException unreadable) {
            return "/";
        }
    }

    /** As the reference does it: a path is never known with a slash at its end. */
    private static void redirect(Request request, Response response, String method) {
        String uri = request.getRequestURI();
        String query = request.getQueryString();
        response.setStatus(method.equals("GET") ? 301 : 307);
        response.setHeader(
                "Location",
                // not two slashes: that would name another host
                "/" + uri.replaceAll("^/+|/+$", "") + (query == null ? "" : "?" + query));
    }

    private static void notFound(Response response) throws IOException {
        response.setStatus(404);
        response.setContentType("text/plain; charset=utf-8");
        response.getWriter().write("404 page not found\n");
    }

    private boolean host(String what, Response response) throws IOException {
        switch (what) {
            case "GET /ping" -> response.setStatus(200);
            case "GET /.well-known/status" -> status(response);
            case "POST /shutdown" -> {
                json(response, bodies.writeAny(Map.of("last_index", peers.lastIndex())));
                stopped = true;
                streams.endAll("discoverd was shut down on this host");
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void status(Response response) throws IOException {
        boolean healthy = peers.leader().isPresent();
        response.setStatus(healthy ? 200 : 500);
        response.setContentType("application/json");
        response.getWriter()
                .write("{\n  \"data\": {\n    \"status\": \"%s\"\n  }\n}".formatted(healthy ? "healthy" : "unhealthy"));
    }

    // ---- services

    private boolean service(String method, List<String> parts, Request request, Response response) throws IOException {
        String service = parts.get(1);
        String what = method + (parts.size() > 2 ? " " + parts.get(2) : "");
        if (parts.size() == 4 && parts.get(2).equals("instances")) {
            return instance(method, service, parts.get(3), request, response);
        }
        if (parts.size() > 3 || service.isEmpty()) {
            return false;
        }
        switch (what) {
            case "PUT" -> discovery.createService(service, bodies.leaderType(body(request)));
            case "DELETE" -> discovery.removeService(service);
            case "GET" -> follow(service, any -> true, response);
            case "GET meta" ->
                json(
                        response,
                        bodies.write(discovery.meta(service).orElseThrow(() -> missing("service meta not found"))));
            case "PUT meta" -> json(response, bodies.write(setMeta(service, bodies.meta(body(request)))));
            case "GET instances" -> instances(service, request, response);
            case "GET leader" -> leader(service, request, response);
            case "PUT leader" -> discovery.setLeader(service, bodies.leaderId(body(request)));
            default -> {
                return false;
            }
        }
        return true;
    }

    private boolean instance(String method, String service, String id, Request request, Response response)
            throws IOException {
        switch (method) {
            case "PUT" -> {
                Instance registered = discovery.register(service, bodies.instance(body(request)));
                log.atTrace()
                        .addKeyValue("service", service)
                        .addKeyValue("instance", registered.addr())
                        .log("registered");
            }
            case "DELETE" -> {
                if (discovery.instances(service).isEmpty()
                        && !discovery.services().contains(service)) {
                    throw missing("discoverd: service \"%s\" not found".formatted(service));
                }
                discovery.deregister(service, id);
            }
            default -> {
                return false;
            }
        }
        response.setStatus(200);
        return true;
    }

    private ServiceMeta setMeta(String service, Bodies.MetaChange change) {
        return change.leader().isPresent()
                ? discovery.setMetaAndLeader(
                        service, change.meta(), change.leader().get())
                : discovery.setMeta(service, change.meta());
    }

    private void instances(String service, Request request, Response response) throws IOException {
        if (wantsStream(request)) {
            follow(
                    service,
                    event -> !(event instanceof Current || event instanceof Leader || event instanceof Meta),
                    response);
            return;
        }
        List<Instance> instances = discovery.instances(service);
        if (instances.isEmpty()) {
            throw missing("service not found");
        }
        json(response, bodies.writeAll(instances));
    }

    private void leader(String service, Request request, Response response) throws IOException {
        if (wantsStream(request)) {
            follow(service, Leader.class::isInstance, response);
            return;
        }
        json(response, bodies.write(discovery.leader(service).orElseThrow(() -> missing("no leader found"))));
    }

    private void follow(String service, Predicate<DiscoveryEvent> wanted, Response response) throws IOException {
        response.setContentType("text/event-stream; charset=utf-8");
        response.setHeader("Cache-Control", "no-cache");
        streams.open(discovery, service, wanted, bodies, response);
    }

    private static boolean wantsStream(Request request) {
        String accept = request.getHeader("Accept");
        return accept != null && accept.contains("text/event-stream");
    }

    // ---- peers

    private boolean raft(String method, List<String> parts, Request request, Response response) throws IOException {
        String what = method + " " + parts.get(1);
        boolean isPeer = parts.size() == 3 && parts.get(1).equals("peers");
        if (parts.size() > 2 && !isPeer) {
            return false;
        }
        if (isPeer) {
            switch (method) {
                case "PUT" -> {
                    peers.add(parts.get(2));
                    json(response, bodies.writeAny(Map.of("last_index", peers.lastIndex())));
                }
                case "DELETE" -> peers.remove(parts.get(2));
                default -> {
                    return false;
                }
            }
            return true;
        }
        switch (what) {
            case "GET leader" ->
                json(
                        response,
                        bodies.writeAny(Map.of(
                                "host",
                                peers.leader()
                                        .orElseThrow(
                                                () -> FlynnException.unavailable("the cluster has no leader", null)))));
            case "GET peers" -> json(response, bodies.writeAny(peers.peers()));
            case "POST nodes" -> peers.add(address(request));
            case "DELETE nodes" -> peers.remove(address(request));
            case "POST promote" -> peers.promote();
            case "POST demote" -> peers.demote();
            default -> {
                return false;
            }
        }
        return true;
    }

    private static String address(Request request) {
        String address = request.getParameter("addr");
        if (address == null || address.isEmpty()) {
            throw FlynnException.invalidField("addr", "must be host:port");
        }
        return address;
    }

    // ---- bodies

    private static byte[] body(Request request) throws IOException {
        byte[] body = request.getInputStream().readNBytes(MAX_BODY_BYTES + 1);
        if (body.length > MAX_BODY_BYTES) {
            throw new FlynnException(
                    ErrorCode.REQUEST_BODY_TOO_BIG, "a request has at most %d bytes".formatted(MAX_BODY_BYTES));
        }
        return body;
    }

    private static void json(Response response, byte[] body) throws IOException {
        response.setContentType("application/json");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private static FlynnException missing(String message) {
        return new FlynnException(ErrorCode.OBJECT_NOT_FOUND, message);
    }
}
