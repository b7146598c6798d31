package dev.flynn.controller.http;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** The {@link Door} for an application of others: it stands before what is below our path, and lets the rest pass. */
@PreMatching
final class MountedDoor implements ContainerRequestFilter, ContainerResponseFilter {

    private static final String ENTERED = MountedDoor.class.getName();

    private final String prefix;
    private final Door door;
    private final WrongKeys wrongKeys;
    private final Failures failures;
    private final RequestAudit audit;
    private final ContainerRequests container;

    MountedDoor(
            String prefix,
            Door door,
            WrongKeys wrongKeys,
            Failures failures,
            RequestAudit audit,
            ContainerRequests container) {
        this.prefix = "/" + prefix;
        this.door = door;
        this.wrongKeys = wrongKeys;
        this.failures = failures;
        this.audit = audit;
        this.container = container;
    }

    /** What is remembered until the answer; {@code audited} is absent without a valid key. */
    private record Entered(Head head, Optional<RequestAudit.Audited> audited) {}

    @Override
    public void filter(ContainerRequestContext request) {
        String path = "/" + request.getUriInfo().getPath(false);
        if (!path.equals(prefix) && !path.startsWith(prefix + "/")) {
            return;
        }
        var head = new Head(request, path.equals(prefix) ? "/" : path.substring(prefix.length()), container.remote());
        long now = System.nanoTime();
        request.setProperty(ENTERED, new Entered(head, Optional.empty()));
        try {
            Door.Outcome outcome = door.decide(head);
            visit(outcome).ifPresent(visit -> {
                var audited = new RequestAudit.Audited(
                        visit, head.path(), RequestAudit.id(request.getHeaderString("X-Request-ID")), now);
                request.setProperty(ENTERED, new Entered(head, Optional.of(audited)));
                request.setProperty(Visit.ATTRIBUTE, visit);
                request.setProperty(RequestAudit.ATTRIBUTE, audited);
            });
            answer(outcome, head).ifPresent(request::abortWith);
        } catch (FlynnException e) {
            request.abortWith(failure(e));
        }
        container.connection().ifPresent(connection -> request.setProperty(Streams.CONNECTION, connection));
    }

    private static Optional<Visit> visit(Door.Outcome outcome) {
        if (outcome instanceof Door.Admitted admitted) {
            return Optional.of(admitted.visit());
        }
        return outcome instanceof Door.Refused refused ? Optional.of(refused.visit()) : Optional.empty();
    }

    /** Empty if an endpoint is to answer. */
    private Optional<Response> answer(Door.Outcome outcome, Head head) {
        if (outcome instanceof Door.Admitted admitted) {
            return isAttach(admitted.visit(), head) ? Optional.of(failure(noConnection())) : Optional.empty();
        }
        if (outcome instanceof Door.Refused refused) {
            return Optional.of(failure(refused.why()));
        }
        if (outcome instanceof Door.Moved moved) {
            String location = head.request.getUriInfo().getBaseUri().getRawPath() + prefix.substring(1);
            return Optional.of(text(moved.status(), "")
                    .header("Location", location + moved.location())
                    .build());
        }
        if (outcome instanceof Door.Unknown) {
            return Optional.of(text(404, Door.NOT_FOUND).build());
        }
        if (outcome instanceof Door.Stranger stranger) {
            if (stranger.failed() && !stranger.remote().isEmpty()) {
                var unused = wrongKeys.count(stranger.remote(), head.path());
            }
            return Optional.of(text(401, "").build());
        }
        return Optional.of(text(200, "").build());
    }

    private static boolean isAttach(Visit visit, Head head) {
        return visit.request().method().equals("POST")
                && visit.request().template().equals("/apps/{app}/jobs")
                && UpgradeFilter.isAttach(head.header("Upgrade").orElse(""));
    }

    private static FlynnException noConnection() {
        return new FlynnException(
                ErrorCode.UNSUPPORTED,
                "attaching to a job needs the connection of its request, which this application does not have;"
                        + " ask the program for a ControllerWeb, which serves the API on a port of its own");
    }

    /** Never without an entity, even if it is empty: servlets show a page of their own instead of an error without one. */
    private static Response.ResponseBuilder text(int status, String body) {
        return Response.status(status)
                .entity(body.getBytes(StandardCharsets.UTF_8))
                .type(Answers.TEXT);
    }

    private Response failure(FlynnException failure) {
        Failures.Answer answer = failures.answer(failure);
        return Response.status(answer.status())
                .entity(failures.bytes(answer))
                .type(MediaType.APPLICATION_JSON_TYPE)
                .build();
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        if (request.getProperty(ENTERED) instanceof Entered entered) {
            Door.crossOriginHeaders(entered.head)
                    .forEach((name, value) -> response.getHeaders().putSingle(name, value));
            entered.audited.ifPresent(audited -> audit.end(audited, response.getStatus()));
        }
    }

    private record Head(ContainerRequestContext request, String path, String remote) implements RequestHead {

        @Override
        public String method() {
            return request.getMethod();
        }

        @Override
        public String query() {
            String query = request.getUriInfo().getRequestUri().getRawQuery();
            return query == null ? "" : query;
        }

        @Override
        public Optional<String> header(String name) {
            return Optional.ofNullable(request.getHeaderString(name));
        }

        @Override
        public Optional<String> parameter(String name) {
            return Optional.ofNullable(request.getUriInfo().getQueryParameters().getFirst(name));
        }
    }
}
