package dev.flynn.host.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class ImagesApiTest {

    private static final String APP = "docker://registry.test/team/app:v1";

    @TempDir
    private Path directory;

    private final PlayedImages images = new PlayedImages();
    private ApiHost host;
    private HostClient client;

    @BeforeEach
    void start() throws IOException {
        host = new ApiHost(
                directory, builder -> builder.security(HostApiSecurity.open()).images(images));
        client = new HostClient(ApiHost.ID, "127.0.0.1:" + host.port(), HostClientAccess.open(), host.json);
    }

    @AfterEach
    void stop() {
        host.close();
    }

    @Test
    void imagesAreListed() {
        assertThat(host.get("/host/images").body())
                .isEqualTo("[{\"id\":\"sha256:ab\",\"names\":[\"" + APP
                        + "\"],\"size\":4096,\"last_used\":\"2026-01-01T00:00:00Z\",\"jobs\":[\"host1-1\"]}]");
        assertThat(client.images()).hasSize(1);
    }

    @Test
    void anImageIsRemovedByItsUriOrWithAReason() {
        assertThat(client.removeImage(APP)).isEqualTo(4096);
        assertThat(images.removed).containsExactly(APP);
        assertThatThrownBy(() -> client.removeImage("sha256:ab"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CONFLICT))
                .hasMessageContaining("jobs need");
    }

    @Test
    void aPullIsFollowedAsTheContractHasIt() {
        List<String> told = new ArrayList<>();
        client.pullImage(APP, line -> told.add(line.toString()));

        assertThat(told)
                .containsExactly(
                        "{\"repo\":\"" + APP + "\",\"type\":\"layer\",\"id\":\"sha256:1\",\"status\":\"exists\"}",
                        "{\"repo\":\"" + APP + "\",\"type\":\"layer\",\"id\":\"sha256:2\",\"status\":\"downloaded\"}",
                        "{\"repo\":\"" + APP + "\",\"type\":\"image\",\"id\":\"sha256:ab\",\"status\":\"downloaded\"}");
    }

    @Test
    void severalImagesComeInOneStreamAndAFailureEndsItWithAnErrorEvent() {
        HttpResponse<String> answer = host.send(
                "POST", "/host/pull/images", "{\"images\":[\"%s\",\"docker://registry.test/none\"]}".formatted(APP));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.headers().firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        assertThat(answer.body()).contains("\"type\":\"image\"").endsWith("event: error\ndata: it does not exist\n\n");
        assertThatThrownBy(() -> client.pullImage("docker://registry.test/none", line -> {}))
                .isInstanceOf(FlynnException.class)
                .hasMessage("it does not exist");
    }

    @Test
    void whatIsLongTellsHowFarItIs() {
        List<JsonNode> told = new ArrayList<>();
        client.pullImage("docker://registry.test/long", told::add);

        assertThat(told)
                .anySatisfy(line -> assertThat(line.toString())
                        .contains("\"status\":\"downloading\"", "\"done\":10", "\"total\":100"));
    }

    @Test
    void aPullEndsWithItsClient() throws Exception {
        String body = "{\"images\":[\"docker://registry.test/endless\"]}";
        try (var socket = new Socket("127.0.0.1", host.port())) {
            socket.getOutputStream()
                    .write(("POST /host/pull/images HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s"
                                    .formatted(body.length(), body))
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(images.pulling.await(20, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(images.interrupted.await(20, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void theHistoricFormAndAnEmptyOneAreRefused() {
        HttpResponse<String> historic =
                host.send("POST", "/host/pull/images?repository=https://dl.example/tuf&driver=aufs&root=x", "tuf");
        assertThat(historic.statusCode()).isEqualTo(501);
        assertThat(historic.body()).contains("unsupported", "TUF", "flynn-host image pull");
        HttpResponse<String> empty = host.send("POST", "/host/pull/images", "{\"images\":[]}");
        assertThat(empty.statusCode()).isEqualTo(400);
        assertThat(empty.body()).contains("\"field\":\"images\"");
    }

    @Test
    void aHostWithoutImagesSaysSo() throws IOException {
        try (var bare = new ApiHost(directory.resolve("bare"))) {
            assertThat(bare.get("/host/images").statusCode()).isEqualTo(501);
            assertThat(bare.get("/host/images").body()).contains("this host keeps no images");
        }
    }

    private static final class PlayedImages implements HostImages {

        final List<String> removed = new ArrayList<>();
        final CountDownLatch pulling = new CountDownLatch(1);
        final CountDownLatch interrupted = new CountDownLatch(1);

        @Override
        public List<Image> list() {
            return List.of(new Image(
                    "sha256:ab", List.of(APP), 4096, Instant.parse("2026-01-01T00:00:00Z"), List.of("host1-1")));
        }

        @Override
        public String pull(String uri, Progress progress) throws IOException {
            if (uri.endsWith("none")) {
                throw new IOException("it does not exist");
            }
            if (uri.endsWith("endless")) {
                pulling.countDown();
                sleep(Duration.ofHours(1));
            }
            progress.onLayer("sha256:1", false);
            if (uri.endsWith("long")) {
                sleep(Duration.ofMillis(250)); // more often is not told
                progress.onBytes("sha256:2", 10, 100);
            }
            progress.onLayer("sha256:2", true);
            return "sha256:ab";
        }

        private void sleep(Duration time) throws InterruptedIOException {
            try {
                TimeUnit.MILLISECONDS.sleep(time.toMillis());
            } catch (InterruptedException e) {
                interrupted.countDown();
                throw new InterruptedIOException("interrupted");
            }
        }

        @Override
        public long remove(String name) {
            if (!name.equals(APP)) {
                throw FlynnException.conflict("jobs need the image " + name);
            }
            removed.add(name);
            return 4096;
        }
    }
}
