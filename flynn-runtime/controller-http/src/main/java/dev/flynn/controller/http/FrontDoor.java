package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The {@link Door} for Grizzly: does what it decides, and passes on requests that become attached connections. */
final class FrontDoor extends HttpHandler {

    private static final Logger log = LoggerFactory.getLogger(FrontDoor.class);

    private final Door door;
    private final Strangers strangers;
    private final Failures failures;
    private final HttpHandler endpoints;
    private final AttachHandler attach;
    private final RequestAudit audit;
    private volatile boolean isShut;

    FrontDoor(
            Door door,
            Strangers strangers,
            Failures failures,
            HttpHandler endpoints,
            AttachHandler attach,
            RequestAudit audit) {
        this.door = door;
        this.strangers = strangers;
        this.failures = failures;
        this.endpoints = endpoints;
        this.attach = attach;
        this.audit = audit;
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

    /** From now on requests are refused: what answers them is about to go. */
    void shut() {
        isShut = true;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        if (isShut) {
            turnAway(response);
            return;
        }
        var head = new GrizzlyHead(request);
        Door.crossOriginHeaders(head).forEach(response::setHeader);
        Door.Outcome outcome = door.decide(head);
        if (outcome instanceof Door.Stranger stranger) {
            strangers.refuse(request, response, stranger);
        } else if (outcome instanceof Door.Unknown) {
            notFound(response);
        } else if (outcome instanceof Door.Moved moved) {
            response.setHeader("Location", moved.location());
            response.setStatus(moved.status());
            response.setContentLength(0);
        } else if (outcome instanceof Door.Refused refused) {
            var unused = audited(refused.visit(), request);
            refuse(response, refused.why());
        } else if (outcome instanceof Door.Admitted admitted) {
            admit(admitted.visit(), request, response);
        }
    }

    private void turnAway(Response response) {
        try {
            response.setHeader("Connection", "close");
            answer(response, Failures.CLOSING);
        } catch (IOException left) {
            log.atDebug().setCause(left).log("client left while the controller ends");
        }
    }

    private static RequestAudit.Audited audited(Visit visit, Request request) {
        var audited = new RequestAudit.Audited(
                visit,
                request.getRequestURI(),
                RequestAudit.id(request.getHeader("X-Request-ID")),
                RequestLog.startedNanos(request));
        request.setAttribute(Visit.ATTRIBUTE, visit);
        request.setAttribute(RequestAudit.ATTRIBUTE, audited);
        return audited;
    }

    private void admit(Visit visit, Request request, Response response) throws Exception {
        RequestAudit.Audited audited = audited(visit, request);
        if (isAttach(request)) {
            audit.during(audited, AttachHandler.SWITCHED, () -> attach.service(visit, request, response));
        } else {
            request.setAttribute(Streams.CONNECTION, request.getContext().getConnection());
            request.setAttribute(GrizzlyOutput.RESPONSE, response);
            // what a body is said to be is not examined, and must not confuse Jersey either
            request.getRequest().getHeaders().setValue("Content-Type").setString("application/json");
            audit.during(audited, Answers.OK, () -> endpoints.service(request, response));
        }
    }

    private void refuse(Response response, FlynnException failure) throws IOException {
        answer(response, failures.answer(failure));
    }

    private void answer(Response response, Failures.Answer answer) throws IOException {
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

    private static void notFound(Response response) throws IOException {
        byte[] page = Door.NOT_FOUND.getBytes(StandardCharsets.UTF_8);
        response.setStatus(404);
        response.setContentType(Answers.TEXT);
        response.setContentLength(page.length);
        response.getOutputStream().write(page);
    }

    private record GrizzlyHead(Request request) implements RequestHead {

        @Override
        public String method() {
            return request.getMethod().getMethodString();
        }

        @Override
        public String path() {
            return request.getRequestURI();
        }

        @Override
        public String query() {
            String query = request.getQueryString();
            return query == null ? "" : query;
        }

        @Override
        public Optional<String> header(String name) {
            return Optional.ofNullable(request.getHeader(name));
        }

        @Override
        public Optional<String> parameter(String name) {
            return Optional.ofNullable(request.getParameter(name));
        }

        @Override
        public String remote() {
            return String.valueOf(request.getRemoteAddr());
        }
    }
}
