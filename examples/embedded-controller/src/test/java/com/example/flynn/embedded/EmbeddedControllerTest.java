package com.example.flynn.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.app.App;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import dev.flynn.api.log.LogMessage;
import dev.flynn.api.release.Release;
import dev.flynn.controller.AppCatalog.NewApp;
import dev.flynn.controller.http.ControllerConfig;
import dev.flynn.controller.http.ControllerWeb;
import dev.flynn.embedded.Flynn;
import dev.flynn.spi.log.AppLogs;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EmbeddedControllerTest {

    @Test
    void workersAreScaledAndReplacedByTheNextRelease() {
        try (Flynn flynn = Flynn.builder().program(new Ticker()).build()) {
            App app = flynn.apps().create(NewApp.named("workers"));
            Release first = EmbeddedController.release(flynn, Map.of("WORDS", "first", "EVERY_MS", "50"));
            flynn.apps().setRelease("workers", first.id().toString());
            flynn.formations().scale("workers", first.id(), Map.of("worker", 2));
            await().until(() -> up(flynn, app).size() == 2);

            Release second = EmbeddedController.release(flynn, Map.of("WORDS", "second", "EVERY_MS", "50"));
            flynn.deployments().create("workers", second.id().toString());

            await().atMost(java.time.Duration.ofSeconds(30))
                    .until(() -> up(flynn, app).stream().map(Job::release).distinct().toList().equals(List.of(second.id())));
            await().until(() -> lines(flynn, app).contains("second"));
        }
    }

    @Test
    void theHttpApiShowsTheSameApps() throws Exception {
        try (Flynn flynn = Flynn.builder().build();
                ControllerWeb web = ControllerWeb.start(
                        ControllerConfig.fromEnv(Map.of("PORT", "0", "AUTH_KEY", "secret")), flynn.controller())) {
            flynn.apps().create(NewApp.named("workers"));

            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(
                            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + web.port() + "/apps/workers"))
                                    .header(
                                            "Authorization",
                                            "Basic " + Base64.getEncoder().encodeToString(":secret".getBytes()))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString());

            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(answer.body()).contains("\"name\":\"workers\"");
        }
    }

    private static List<Job> up(Flynn flynn, App app) {
        return flynn.jobs().of(app.id()).stream()
                .filter(job -> job.state() == JobState.UP)
                .toList();
    }

    private static List<String> lines(Flynn flynn, App app) {
        var all = new AppLogs.Query(Optional.empty(), Optional.empty(), OptionalInt.empty());
        return flynn.logs().read(app.id(), all).stream().map(LogMessage::message).toList();
    }
}
