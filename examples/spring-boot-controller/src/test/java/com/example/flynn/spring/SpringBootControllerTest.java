package com.example.flynn.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;

@Timeout(60)
class SpringBootControllerTest {

    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static ConfigurableApplicationContext application;

    @BeforeAll
    static void start() {
        application = SpringApplication.run(
                SpringBootController.class, "--server.port=0", "--flynn.key=secret", "--spring.main.banner-mode=off");
    }

    @AfterAll
    static void stop() {
        application.close();
    }

    private static HttpRequest.Builder request(String path, String key) {
        String port = application.getEnvironment().getProperty("local.server.port");
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .header(
                        "Authorization",
                        "Basic "
                                + Base64.getEncoder().encodeToString((":" + key).getBytes(StandardCharsets.UTF_8)));
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HTTP.send(request.build(), BodyHandlers.ofString());
    }

    @Test
    void flynnAndTheApplicationAnswerSideBySide() throws Exception {
        HttpResponse<String> created = send(
                request("/platform/flynn/apps", "secret").POST(BodyPublishers.ofString("{\"name\":\"shop\"}")));
        assertThat(created.statusCode()).isEqualTo(200);
        assertThat(created.body()).contains("\"name\":\"shop\"");

        assertThat(send(request("/names", "")).body()).contains("\"shop\"");
        assertThat(send(request("/platform/hello", "")).body()).isEqualTo("{\"text\":\"hello\"}");
        assertThat(application.getBean("flynnHealth", HealthIndicator.class).health().getStatus())
                .isEqualTo(Status.UP);
    }

    @Test
    void failuresAreThoseOfTheApi() throws Exception {
        HttpResponse<String> stranger = send(request("/platform/flynn/apps", "wrong"));
        assertThat(stranger.statusCode()).isEqualTo(401);
        assertThat(stranger.body()).isEmpty();

        HttpResponse<String> missing = send(request("/platform/flynn/apps/nobody", "secret"));
        assertThat(missing.statusCode()).isEqualTo(404);
        assertThat(missing.body()).isEmpty();

        HttpResponse<String> wrong =
                send(request("/platform/flynn/apps", "secret").POST(BodyPublishers.ofString("{\"name\":\"NO\"}")));
        assertThat(wrong.statusCode()).isEqualTo(400);
        assertThat(wrong.body()).contains("\"code\":\"validation_error\"");

        HttpResponse<String> attach = send(
                request("/platform/flynn/apps/nobody/jobs", "secret").POST(BodyPublishers.ofString("{}")));
        assertThat(attach.statusCode()).isEqualTo(404);
    }

    @Test
    void eventsAreStreamed() throws Exception {
        HttpRequest events = request("/platform/flynn/events", "secret")
                .header("Accept", "text/event-stream")
                .build();
        HttpResponse<InputStream> stream = HTTP.send(events, BodyHandlers.ofInputStream());
        assertThat(stream.statusCode()).isEqualTo(200);

        send(request("/names?name=streamed", "").POST(BodyPublishers.noBody()));

        try (var lines = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.lines().filter(line -> line.contains("\"streamed\"")).findFirst())
                    .isPresent();
        }
    }
}
