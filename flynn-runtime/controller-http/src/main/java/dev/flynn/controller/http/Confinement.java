package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.auth.Principal;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ContainerResponseContext;
import jakarta.ws.rs.container.ContainerResponseFilter;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.annotation.Annotation;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/** Keeps keys that are not {@code admin} to what is theirs: in what they send, and in what they are told. */
final class Confinement implements ContainerRequestFilter, ContainerResponseFilter {

    /** It has the names of what is secret, and nothing else of it. */
    private static final String DESCRIPTION = "/openapi.json";

    /** Their bodies are content, and no JSON. */
    private static final Set<String> WITHOUT_NAMES = Set.of(SlugsEndpoint.SLUG, ImagesEndpoint.IMAGE);

    private final Confines confines;
    private final FlynnJson json;

    Confinement(Confines confines, FlynnJson json) {
        this.confines = confines;
        this.json = json;
    }

    @Override
    public void filter(ContainerRequestContext request) throws IOException {
        Visit visit = Visit.of(request);
        boolean namesNothing = WITHOUT_NAMES.contains(visit.request().template());
        if (visit.principal().isAdmin() || request.getMethod().equals("GET") || namesNothing) {
            return;
        }
        byte[] body = request.getEntityStream().readNBytes(JsonBodies.MAX_BYTES + 1);
        request.setEntityStream(new ByteArrayInputStream(body));
        tree(body).ifPresent(tree -> confines.requireBody(visit.principal(), visit.request(), tree));
    }

    /** Empty for what is too long or no JSON, which whoever is to use it says. */
    private Optional<JsonNode> tree(byte[] body) {
        if (body.length == 0 || body.length > JsonBodies.MAX_BYTES) {
            return Optional.empty();
        }
        try {
            return Optional.of(json.readTree(new String(body, StandardCharsets.UTF_8)));
        } catch (FlynnException noJson) {
            return Optional.empty();
        }
    }

    @Override
    public void filter(ContainerRequestContext request, ContainerResponseContext response) {
        Visit visit = Visit.of(request);
        Principal principal = visit.principal();
        Object entity = response.getEntity();
        if (principal.isAdmin()
                || visit.request().template().equals(DESCRIPTION)
                || response.getStatus() != 200
                || entity == null
                || entity instanceof StreamingOutput
                || entity instanceof String) {
            return;
        }
        // what a request made is told to whoever made it, though no app has it yet
        Optional<Object> shown =
                request.getMethod().equals("GET") ? confines.shown(principal, entity) : Optional.of(entity);
        if (shown.isEmpty()) {
            response.setStatus(404);
            response.setEntity(null);
            return;
        }
        Object told = principal.isReader() ? Secrets.without(shown.get(), json) : shown.get();
        response.setEntity(told, new Annotation[0], response.getMediaType());
    }
}
