package dev.flynn.controller;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * A provider that speaks Flynn's HTTP protocol (contract: controller, Providers and resources), with two additions that others
 * ignore: the request's id in a header, and an answer to {@code GET /ping} that says whether the provider heeds it.
 */
final class HttpResourceProvider implements ResourceProvider {

    static final String REQUEST_ID = "Flynn-Request-Id";

    private static final int LONGEST_MESSAGE = 500;

    private final String name;
    private final URI url;
    private final ClusterHttp http;
    private final FlynnJson json;

    HttpResourceProvider(String name, URI url, ClusterHttp http, FlynnJson json) {
        this.name = name;
        this.url = url;
        this.http = http;
        this.json = json;
    }

    /** What a provider answers. */
    private record Given(String id, Map<String, String> env) {}

    /** What a provider says of itself. */
    private record Ping(boolean requestIds) {}

    @Override
    public Provisioned provision(ResourceRequest request) {
        ClusterHttp.Answer answer = http.send(
                "POST",
                url,
                Optional.empty(),
                Optional.of(json.write(request.config())),
                Map.of(REQUEST_ID, request.id()));
        requireOk(answer);
        Given given = read(answer.body(), Given.class);
        if (given.id().isBlank()) {
            throw FlynnException.unavailable(
                    "provider \"%s\" answered without the id of the resource".formatted(name), null);
        }
        return new Provisioned(given.id(), given.env());
    }

    @Override
    public void deprovision(String externalId) {
        String id = URLEncoder.encode(externalId, StandardCharsets.UTF_8);
        requireOk(http.send("DELETE", URI.create(url + "?id=" + id), Optional.empty(), Optional.empty()));
    }

    @Override
    public void ping() {
        requireOk(sendPing());
    }

    /**
     * Whether asking again gives the same resource; providers made for Flynn itself give another one.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if nobody answers
     */
    boolean heedsRequestIds() {
        ClusterHttp.Answer answer = sendPing();
        try {
            return answer.status() == 200
                    && json.read(answer.body(), Ping.class).requestIds();
        } catch (FlynnException e) {
            return false;
        }
    }

    private ClusterHttp.Answer sendPing() {
        return http.send("GET", url.resolve("/ping"), Optional.empty(), Optional.empty());
    }

    private <T> T read(String body, Class<T> type) {
        try {
            return json.read(body, type);
        } catch (FlynnException e) {
            // without the cause, which may quote the answer and so its secrets
            throw FlynnException.unavailable(
                    "provider \"%s\" answered what is no resource in JSON".formatted(name), null);
        }
    }

    private void requireOk(ClusterHttp.Answer answer) {
        if (answer.status() == 200) {
            return;
        }
        String said = said(answer.body(), "/message").orElse(answer.body());
        String message = "provider \"%s\" answered %d: %s".formatted(name, answer.status(), printable(said));
        if (answer.status() != ErrorCode.VALIDATION.httpStatus()) {
            throw FlynnException.unavailable(message, null);
        }
        Optional<String> field = said(answer.body(), "/detail/field");
        throw field.map(known -> FlynnException.invalidField(known, printable(withoutPrefix(said, known + " "))))
                .orElseGet(() -> FlynnException.invalid(message));
    }

    private Optional<String> said(String body, String pointer) {
        try {
            JsonNode text = json.readTree(body).at(pointer);
            return Optional.of(text.asText()).filter(found -> !found.isEmpty());
        } catch (FlynnException e) {
            return Optional.empty();
        }
    }

    private static String withoutPrefix(String text, String prefix) {
        return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
    }

    /** One line, of bounded length. */
    private static String printable(String text) {
        String line = text.replaceAll("\\p{Cntrl}+", " ").strip();
        return line.length() <= LONGEST_MESSAGE ? line : line.substring(0, LONGEST_MESSAGE) + "…";
    }
}
