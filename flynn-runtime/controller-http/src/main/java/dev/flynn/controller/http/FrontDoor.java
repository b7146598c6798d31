package dev.flynn.controller.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every request passes before an endpoint sees it (contract: controller, Transport): CORS, {@code /ping}, the key, unknown
 * paths and redirects, and requests that become attached connections.
 */
final class FrontDoor extends HttpHandler {

    private static final Logger log = LoggerFactory.getLogger(FrontDoor.class);

    /** A percent sign that no two hexadecimal digits follow, or a character that a path must escape. */
    private static final Pattern BAD_ESCAPE = Pattern.compile("%(?![0-9a-fA-F]{2})|[^!-~]|[\"<>\\\\^`{|}\\[\\]]");

    private static final String EVENT_STREAM = "text/event-stream";

    private final AccessKeys keys;
    private final PathTable paths;
    private final HttpHandler endpoints;
    private final AttachHandler attach;

    FrontDoor(AccessKeys keys, PathTable paths, HttpHandler endpoints, AttachHandler attach) {
        this.keys = keys;
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
        if (!hasKey(request, path)) {
            log.atWarn()
                    .addKeyValue("remote", request.getRemoteAddr())
                    .addKeyValue("path", path)
                    .log("request without a valid key refused");
            empty(response, 401);
            return;
        }
        Optional<String> known = BAD_ESCAPE.matcher(path).find() ? Optional.empty() : paths.find(method, path);
        if (known.isEmpty()) {
            notFound(response);
        } else if (!known.get().equals(path)) {
            redirect(request, response, known.get());
        } else if (isAttach(request)) {
            attach.service(request, response);
        } else {
            request.setAttribute(Streams.CONNECTION, request.getContext().getConnection());
            // what a body is said to be is not examined, and must not confuse Jersey either
            request.getRequest().getHeaders().setValue("Content-Type").setString("application/json");
            endpoints.service(request, response);
        }
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

    private boolean hasKey(Request request, String path) {
        String authorization = request.getHeader("Authorization");
        String password =
                authorization == null ? "" : AccessKeys.password(authorization).orElse("");
        if (password.isEmpty() && (wantsEventStream(request) || path.equals("/backup"))) {
            String inQuery = request.getParameter("key");
            password = inQuery == null ? "" : inQuery;
        }
        return keys.accept(password);
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
