package dev.flynn.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HttpResourceProviderTest {

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile int status = 200;
    private volatile String body = "{\"id\":\"/databases/a:b\",\"env\":{\"PGUSER\":\"a\"}}";
    private MemoryClusterStore store;
    private StoreDiscovery discovery;
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        store = new MemoryClusterStore();
        discovery = StoreDiscovery.builder(store).build();
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst(HttpResourceProvider.REQUEST_ID) + " "
                    + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
            byte[] answer = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        discovery.close();
        store.close();
    }

    private HttpResourceProvider provider() {
        return provider(server.getAddress().getPort());
    }

    private HttpResourceProvider provider(int port) {
        URI url = URI.create("http://127.0.0.1:" + port + "/databases");
        return new HttpResourceProvider("postgres", url, new ClusterHttp(discovery), new FlynnJson());
    }

    private FlynnException failure() {
        FlynnException failure = catchThrowableOfType(
                FlynnException.class, () -> provider().provision(ResourceRequest.withDefaults("r-1")));
        assertThat(failure).isNotNull();
        return failure;
    }

    @Test
    void sendsTheIdOfTheRequestAndTheSettings() {
        provider().provision(new ResourceRequest("r-1", Map.of("size", 7)));
        provider().deprovision("/databases/a:b");

        assertThat(requests)
                .containsExactly("POST /databases r-1 {\"size\":7}", "DELETE /databases?id=%2Fdatabases%2Fa%3Ab null ");
    }

    @Test
    void aRefusedSettingKeepsItsName() {
        status = 400;
        body = "{\"code\":\"validation_error\",\"message\":\"size must be small\",\"detail\":{\"field\":\"size\"}}";

        assertThat(failure()).hasMessage("size must be small");
        assertThat(failure().code()).isEqualTo(ErrorCode.VALIDATION);
        assertThat(failure().field()).contains("size");
    }

    @Test
    void whatAProviderSaysIsShownOnOneLineOfBoundedLength() {
        status = 500;
        body = "no room\r\nleft " + "x".repeat(10_000);

        assertThat(failure().code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
        assertThat(failure())
                .hasMessageStartingWith("provider \"postgres\" answered 500: no room left xxx")
                .message()
                .hasSizeLessThan(600);
    }

    @Test
    void whatIsNoResourceIsNotOneAndIsNotQuoted() {
        for (String wrong : List.of(
                "s3cret", "[\"s3cret\"]", "{\"env\":{\"A\":\"s3cret\"}}", "{\"id\":\"x\",\"env\":\"s3cret\"}", "")) {
            body = wrong;

            FlynnException failure = failure();

            assertThat(failure.code()).as(wrong).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
            assertThat(failure).as(wrong).hasMessageContaining("postgres").hasNoCause();
            assertThat(failure.getMessage()).doesNotContain("s3cret");
        }
    }

    @Test
    void anAnswerThatIsTooLongIsRefused() {
        body = "{\"id\":\"/databases/a:b\",\"env\":{}}" + " ".repeat(1 << 20);

        assertThat(failure()).hasMessageContaining("longer than");
    }

    @Test
    void aPeerThatHangsUpIsAskedOnce() throws Exception {
        var asked = new AtomicInteger();
        try (var rude = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            var thread = new Thread(() -> {
                while (true) {
                    try (Socket socket = rude.accept()) {
                        asked.incrementAndGet();
                        int unused = socket.getInputStream().read(new byte[100]);
                    } catch (IOException closed) {
                        return;
                    }
                }
            });
            thread.start();
            FlynnException failure = catchThrowableOfType(
                    FlynnException.class,
                    () -> provider(rude.getLocalPort()).provision(ResourceRequest.withDefaults("r-1")));
            rude.close();
            thread.join();

            assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
            assertThat(asked).hasValue(1);
        }
    }

    @Test
    void onlyAProviderThatSaysSoHeedsIdsOfRequests() {
        assertThat(provider().heedsRequestIds()).isFalse();
        body = "";
        assertThat(provider().heedsRequestIds()).isFalse();
        status = 404;
        assertThat(provider().heedsRequestIds()).isFalse();
        status = 200;
        body = "{\"request_ids\":true}";
        assertThat(provider().heedsRequestIds()).isTrue();

        assertThat(requests).allMatch(request -> request.startsWith("GET /ping "));
    }
}
