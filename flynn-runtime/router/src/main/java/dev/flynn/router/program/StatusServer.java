package dev.flynn.router.program;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Answers health checks on the job's port; the management API of routes is the controller's. */
final class StatusServer implements AutoCloseable {

    private static final String STATUS_PATH = "/.well-known/status";

    private final HttpServer server;

    StatusServer(String listenIp, int port) {
        try {
            server = HttpServer.create(new InetSocketAddress(listenIp, port), 0);
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "the router cannot serve its status on %s:%d (%s)".formatted(listenIp, port, e.getMessage()), e);
        }
        server.createContext("/", StatusServer::answer);
        server.start();
    }

    InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private static void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (path.equals(STATUS_PATH)) {
                respond(exchange, 200, "{\"data\":{\"status\":\"healthy\"%s}}".formatted(version()));
            } else if (path.startsWith("/routes") || path.equals("/events")) {
                respond(
                        exchange,
                        501,
                        "{\"code\":\"unsupported\",\"message\":\"the router has no management API;"
                                + " use the routes of the controller\",\"retry\":false}");
            } else {
                respond(
                        exchange,
                        404,
                        "{\"code\":\"not_found\",\"message\":\"the router serves only " + STATUS_PATH
                                + " here\",\"retry\":false}");
            }
        }
    }

    private static String version() {
        @Nullable String version = StatusServer.class.getPackage().getImplementationVersion();
        return version == null ? "" : ",\"version\":\"" + version + "\"";
    }

    private static void respond(HttpExchange exchange, int status, String json) throws IOException {
        byte[] body = json.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        if (exchange.getRequestMethod().equals("HEAD")) {
            exchange.sendResponseHeaders(status, -1);
        } else {
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
