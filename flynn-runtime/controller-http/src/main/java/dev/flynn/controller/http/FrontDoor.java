package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.auth.Authenticator;
import dev.flynn.spi.auth.Principal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;

/**
 * What every request passes before an endpoint sees it (contract: controller, Transport): CORS, {@code /ping}, the key, unknown
 * paths and redirects, and requests that become attached connections.
 */
final class FrontDoor extends HttpHandler {

    /** A percent sign that no two hexadecimal digits follow, or a character that a path must escape. */
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})|[^!-~]|[\"<>\\\\^`{|}\\[\\]]");

    private static final String EVENT_STREAM = "text/event-stream";

    private final Authenticator authenticator;
    private final Strangers strangers;
    private final Confines confines;
    private final Failures failures;
    private final PathTable paths;
    private final HttpHandler endpoints;
    private final AttachHandler attach;

    FrontDoor(
            Authenticator authenticator,
            Strangers strangers,
            Confines confines,
            Failures failures,
            PathTable paths,
            HttpHandler endpoints,
            AttachHandler attach) {
        this.authenticator = authenticator;
        this.strangers = strangers;
        this.confines = confines;
        this.failures = failures;
        this.paths = paths;
        this.endpoints = endpoints;
        this.attach = attach;
    }

    @Override
    public void start() {
        super.start();
        endpoints.start();
    }

    @Override
    public void destroy() {
        endpoints.destroy();
        super.destroy();
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        String method = request.getMethod().getMethodString();
        String path = request.getRequestURI();
        boolean crossOrigin = allowOrigin(request, response);
        if (crossOrigin && method.equals("OPTIONS")) {
            return;
        }
        if (path.equals("/ping")) {
            return;
        }
        String key = key(request, path);
        Optional<Principal> principal = authenticator.authenticate(key);
        if (principal.isEmpty()) {
            strangers.refuse(request, response, !key.isEmpty());
            return;
        }
        Optional<PathTable.Found> found = BAD_ESCAPE.matcher(path).find() ? Optional.empty() : paths.find(method, path);
        if (found.isEmpty()) {
            notFound(response);
        } else if (!found.get().path().equals(path)) {
            redirect(request, response, found.get().path());
        } else {
            admit(new Visit(principal.get(), found.get(), strangers.address(request)), request, response);
        }
    }

    private void admit(Visit visit, Request request, Response response) throws Exception {
        request.setAttribute(Visit.ATTRIBUTE, visit);
        try {
            visit.requirePermission();
            confines.requirePath(visit.principal(), visit.request());
        } catch (FlynnException e) {
            refuse(response, e);
            return;
        }
        if (isAttach(request)) {
            attach.service(visit, request, response);
        } else {
            request.setAttribute(Streams.CONNECTION, request.getContext().getConnection());
            // what a body is said to be is not examined, and must not confuse Jersey either
            request.getRequest().getHeaders().setValue("Content-Type").setString("application/json");
            endpoints.service(request, response);
        }
    }

    private void refuse(Response response, FlynnException failure) throws IOException {
        Failures.Answer answer = failures.answer(failure);
        byte[] body = failures.bytes(answer);
        response.setStatus(answer.status());
        response.setContentType("application/json");
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }

    private static boolean isAttach(Request request) {
        return request.getRequest().isUpgrade()
                && request.getRequestURI().endsWith("/jobs")
                && request.getMethod().getMethodString().equals("POST");
    }

    private static boolean allowOrigin(Request request, Response response) {
        String origin = request.getHeader("Origin");
        if (origin == null || origin.isEmpty()) {
            return false;
        }
        response.setHeader("Access-Control-Allow-Origin", origin);
        response.setHeader("Access-Control-Allow-Credentials", "true");
        response.setHeader("Access-Control-Allow-Methods", "GET,POST,PUT,PATCH,DELETE,HEAD");
        response.setHeader("Access-Control-Allow-Headers", "Authorization,Accept,Content-Type,If-Match,If-None-Match");
        response.setHeader("Access-Control-Expose-Headers", "ETag,Content-Disposition");
        response.setHeader("Access-Control-Max-Age", "3600");
        return true;
    }

    /** The key that a request came with; empty if it came without. */
    private static String key(Request request, String path) {
        String authorization = request.getHeader("Authorization");
        String password = authorization == null
                ? ""
                : BasicAuthorization.password(authorization).orElse("");
        if (password.isEmpty() && (wantsEventStream(request) || path.equals("/backup"))) {
            String inQuery = request.getParameter("key");
            password = inQuery == null ? "" : inQuery;
        }
        return password;
    }

    private static boolean wantsEventStream(Request request) {
        String accept = request.getHeader("Accept");
        return accept != null && accept.contains(EVENT_STREAM);
    }

    private static void redirect(Request request, Response response, String path) {
        String query = request.getQueryString();
        boolean get = request.getMethod().getMethodString().equals("GET");
        response.setHeader("Location", query == null || query.isEmpty() ? path : path + "?" + query);
        empty(response, get ? 301 : 307);
    }

    private static void notFound(Response response) throws IOException {
        byte[] page = "404 page not found\n".getBytes(StandardCharsets.UTF_8);
        response.setStatus(404);
        response.setContentType("text/plain; charset=utf-8");
        response.setContentLength(page.length);
        response.getOutputStream().write(page);
    }

    private static void empty(Response response, int status) {
        response.setStatus(status);
        response.setContentLength(0);
    }
}
