package dev.flynn.resource.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceRequest;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ResourceProviderServerTest {

    private final Stores provider = new Stores();
    private final HttpClient http = HttpClient.newHttpClient();
    private ResourceProviderServer server;

    private static final class Stores implements ResourceProvider {

        final Map<String, String> stores = new ConcurrentHashMap<>();
        volatile Optional<RuntimeException> failure = Optional.empty();

        @Override
        public Provisioned provision(ResourceRequest request) {
            ping();
            request.requireOnly("size");
            String id = "/stores/" + request.id() + " & more";
            stores.put(id, request.text("size").orElse("small"));
            return new Provisioned(id, Map.of("STORE", request.id()));
        }

        @Override
        public void deprovision(String externalId) {
            ping();
            stores.remove(externalId);
        }

        @Override
        public void ping() {
            failure.ifPresent(known -> {
                throw known;
            });
        }
    }

    @BeforeEach
    void start() throws IOException {
        server = ResourceProviderServer.start(
                provider, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), "/stores");
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private HttpResponse<String> send(String method, String path, String body, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), BodyHandlers.ofString());
    }

    private static JsonNode json(HttpResponse<String> answer) {
        return new FlynnJson().readTree(answer.body());
    }

    @Test
    void aResourceIsProvisionedAndDeprovisioned() throws Exception {
        HttpResponse<String> given =
                send("POST", "/stores", "{\"size\":\"big\",\"unset\":null}", "Flynn-Request-Id", "r-1");

        assertThat(given.statusCode()).isEqualTo(200);
        assertThat(given.body()).isEqualTo("{\"id\":\"/stores/r-1 & more\",\"env\":{\"STORE\":\"r-1\"}}");
        assertThat(provider.stores).containsExactly(Map.entry("/stores/r-1 & more", "big"));

        assertThat(send("DELETE", "/stores?id=%2Fstores%2Fr-1+%26+more", "").statusCode())
                .isEqualTo(200);
        assertThat(provider.stores).isEmpty();
    }

    @Test
    void aRequestWithItsIdMayBeRepeatedAndOneWithoutIsAnother() throws Exception {
        String first = send("POST", "/stores", "{}", "Flynn-Request-Id", "r-1").body();
        assertThat(send("POST", "/stores", "{}", "Flynn-Request-Id", "r-1").body())
                .isEqualTo(first);
        assertThat(provider.stores).hasSize(1);

        send("POST", "/stores", "");
        send("POST", "/stores", "null");
        assertThat(provider.stores).hasSize(3);
    }

    @Test
    void aRefusalNamesTheField() throws Exception {
        HttpResponse<String> refusal = send("POST", "/stores", "{\"colour\":\"s3cret\"}");

        assertThat(refusal.statusCode()).isEqualTo(400);
        assertThat(json(refusal).get("code").asText()).isEqualTo("validation_error");
        assertThat(json(refusal).at("/detail/field").asText()).isEqualTo("colour");
        assertThat(refusal.body()).doesNotContain("s3cret");
        assertThat(provider.stores).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"[]", "7", "{", "\"x\""})
    void settingsThatAreNoObjectAreRefused(String body) throws Exception {
        assertThat(send("POST", "/stores", body).statusCode()).isEqualTo(400);
        assertThat(provider.stores).isEmpty();
    }

    @Test
    void aRequestThatIsTooLongOrHasAWrongIdIsRefused() throws Exception {
        assertThat(send("POST", "/stores", " ".repeat((1 << 20) + 1)).statusCode())
                .isEqualTo(400);
        assertThat(send("POST", "/stores", "{}", "Flynn-Request-Id", "a b").statusCode())
                .isEqualTo(400);
        assertThat(send("DELETE", "/stores", "").statusCode()).isEqualTo(400);
        assertThat(send("DELETE", "/stores?id=", "").statusCode()).isEqualTo(200);
        assertThat(provider.stores).isEmpty();
    }

    @Test
    void otherRequestsAreNotFound() throws Exception {
        assertThat(send("GET", "/stores", "").statusCode()).isEqualTo(404);
        assertThat(send("POST", "/stores/x", "{}").statusCode()).isEqualTo(404);
        assertThat(send("POST", "/ping", "{}").statusCode()).isEqualTo(404);
        assertThat(provider.stores).isEmpty();
    }

    @Test
    void pingSaysWhetherResourcesCanBeProvisionedAndThatRequestsHaveIds() throws Exception {
        assertThat(send("GET", "/ping", "").body()).isEqualTo("{\"request_ids\":true}");

        provider.failure = Optional.of(FlynnException.unavailable("the stores are away", null));

        assertThat(send("GET", "/ping", "").statusCode()).isEqualTo(500);
        assertThat(send("POST", "/stores", "{}").statusCode()).isEqualTo(503);
        assertThat(json(send("DELETE", "/stores?id=x", "")).get("message").asText())
                .isEqualTo("the stores are away");
    }

    @Test
    void aDefectIsAnErrorThatTellsNothing() throws Exception {
        provider.failure = Optional.of(new IllegalStateException("s3cret"));

        HttpResponse<String> answer = send("POST", "/stores", "{}");

        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(json(answer).get("code").asText()).isEqualTo("unknown_error");
        assertThat(answer.body()).doesNotContain("s3cret");
    }

    @Test
    void afterItIsClosedNobodyAnswers() {
        int port = server.port();
        server.close();
        server.close();

        assertThatThrownBy(() -> http.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/ping"))
                                .build(),
                        BodyHandlers.ofString()))
                .isInstanceOf(ConnectException.class);
    }
}
