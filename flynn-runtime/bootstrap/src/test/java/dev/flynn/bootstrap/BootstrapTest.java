package dev.flynn.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Single actions and the way they are run, with small manifests. */
@Timeout(60)
class BootstrapTest {

    private static final Duration SHORT = Duration.ofMillis(200);

    private final TestPlatform platform = new TestPlatform("host1");

    @AfterEach
    void close() {
        platform.close();
    }

    // ---- gen-random

    @ParameterizedTest
    @CsvSource({
        "hex, 16, [0-9a-f]{32}",
        "base64, 32, [A-Za-z0-9+/]{43}=",
        "base64safe, 16, [A-Za-z0-9_-]{22}",
        "uuid, 16, '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'"
    })
    void secretsAreEncodedAsAskedFor(String encoding, int length, String pattern) {
        run("[{'id': 'secret', 'action': 'gen-random', 'encoding': '%s', 'length': %d}]".formatted(encoding, length));

        assertThat(result("secret").path("data").asText()).matches(pattern);
    }

    @Test
    void aSecretIsMadeOnce() {
        String manifest = "[{'id': 'secret', 'action': 'gen-random'}]";
        run(manifest);
        JsonNode first = result("secret");

        run(manifest);

        assertThat(result("secret")).isEqualTo(first);
    }

    @Test
    void anUnknownEncodingIsRefused() {
        assertThatThrownBy(() -> run("[{'id': 'secret', 'action': 'gen-random', 'encoding': 'rot13'}]"))
                .hasMessageContaining("rot13")
                .hasMessageContaining("base64safe");
    }

    // ---- gen-tls-cert

    @Test
    void aCertificateIsMadeOnceForItsHosts() {
        String manifest = "[{'id': 'cert', 'action': 'gen-tls-cert', 'hosts': ['{{ getenv \\\"DOMAIN\\\" }}']}]";
        BootstrapResult first =
                builder(manifest).env(Map.of("DOMAIN", "flynn.test")).build().run();
        BootstrapResult second = builder(manifest).build().run();

        assertThat(first.pin()).isPresent().isEqualTo(second.pin());
        assertThat(first.caCert()).hasValueSatisfying(pem -> assertThat(pem).startsWith("-----BEGIN CERTIFICATE-----"));
    }

    @Test
    void aCertificateWithoutItsKeyIsRefused() {
        assertThatThrownBy(() -> run("[{'id': 'cert', 'action': 'gen-tls-cert', 'hosts': ['x'], 'cert': 'PEM'}]"))
                .hasMessageContaining("give all three, or none");
    }

    // ---- wait

    @Test
    void itWaitsForAServiceThatComesLater() throws InterruptedException {
        var thread =
                new Thread(() -> run("[{'id': 'w', 'action': 'wait', 'url': 'http://late.discoverd', 'status': 401}]"));
        thread.start();
        platform.discovery.createService("late", LeaderType.OLDEST);
        platform.discovery.register("late", Instance.of("http", "127.0.0.1:" + platform.pagePort(), Map.of()));

        thread.join(30_000);
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void itSaysWhatTheLastAnswerWas() {
        String page = "http://127.0.0.1:" + platform.pagePort();

        assertThatThrownBy(() -> builder("[{'id': 'w', 'action': 'wait', 'url': '%s'}]".formatted(page))
                        .patience(SHORT)
                        .build()
                        .run())
                .hasMessageContaining("bootstrap: timed out waiting for %s, last response 401".formatted(page));
    }

    @Test
    void itSaysThatNobodyAnswered() {
        assertThatThrownBy(() -> builder("[{'id': 'w', 'action': 'wait', 'url': 'tcp://nobody.discoverd'}]")
                        .patience(SHORT)
                        .build()
                        .run())
                .hasMessageContaining("timed out waiting for tcp://nobody.discoverd, last response \"no address\"");
    }

    @Test
    void whatIsNoUrlIsRefused() {
        assertThatThrownBy(() -> run("[{'id': 'w', 'action': 'wait', 'url': 'ftp://x'}]"))
                .hasMessageContaining("ftp://x");
    }

    @Test
    void aStatusCheckThatFailsIsToldAndNoError() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        builder("[{'id': 's', 'action': 'status-check', 'url': 'http://127.0.0.1:%d'}]".formatted(platform.pagePort()))
                .patience(SHORT)
                .output(text(out))
                .build()
                .run();

        assertThat(out.toString(StandardCharsets.UTF_8)).contains("status-check s not healthy: status 401");
    }

    // ---- hosts

    @Test
    void itWaitsForHosts() throws InterruptedException {
        var thread = new Thread(() -> builder("[{'id': 'l', 'action': 'log', 'output': 'done'}]")
                .minHosts(3)
                .build()
                .run());
        thread.start();

        platform.addHost("host2");
        platform.addHost("host3");

        thread.join(30_000);
        assertThat(thread.isAlive()).isFalse();
    }

    @Test
    void itSaysHowManyHostsThereAre() {
        assertThatThrownBy(() -> builder("[{'id': 'l', 'action': 'log', 'output': 'done'}]")
                        .minHosts(3)
                        .patience(SHORT)
                        .build()
                        .run())
                .hasMessageContaining("timed out waiting for 3 hosts to come online (currently 1 online)");
    }

    @Test
    void twoHostsAreNoCluster() {
        assertThatThrownBy(() -> builder("[]").minHosts(2).build())
                .hasMessage("the minimum number of hosts for a multi-node cluster is 3, min-hosts=2 is invalid");
    }

    // ---- run-app

    private static final String RUN_APP =
            """
            [{'id': 'x', 'action': 'run-app', 'app': {'name': 'x'}, 'artifact': {'type': 'builtin', 'uri': 'builtin:x'},
              'release': {'processes': {'web': {'cmd': ['{{ getenv "ARG" }}'], 'env': {'EMPTY': '{{ getenv "NO" }}'}}}},
              'processes': {'web': 2}}]
            """.replace("getenv \"", "getenv \\\"").replace("\" }}", "\\\" }}");

    @Test
    void oneHostRunsOneJobOfEachType() {
        builder(RUN_APP).env(Map.of("ARG", "serve")).build().run();

        assertThat(platform.jobs(job -> true)).singleElement().satisfies(job -> {
            assertThat(job.spec().cmd()).containsExactly("serve");
            assertThat(job.spec().env()).doesNotContainKey("EMPTY");
            assertThat(job.spec().image().uri()).isEqualTo("builtin:x");
        });
    }

    @Test
    void aHostThatRefusesIsQuoted() {
        platform.refused = job -> true;

        var failure = catchThrowableOfType(FlynnException.class, () -> run(RUN_APP));

        assertThat(failure.getMessage())
                .isEqualTo(
                        "bootstrap step \"x\" failed: bootstrap: host error while launching job: \"no room on the host\"");
        assertThat(failure.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
    }

    @Test
    void afterARefusalItIsTriedAgain() {
        platform.refused = job -> true;
        assertThatThrownBy(() -> run(RUN_APP)).isInstanceOf(FlynnException.class);
        platform.refused = job -> false;

        run(RUN_APP);

        assertThat(platform.jobs(job -> job.state().isLive())).hasSize(1);
        assertThat(platform.jobs(job -> true))
                .extracting(job -> job.app().orElseThrow())
                .containsOnly(platform.jobs(job -> true).get(0).app().orElseThrow());
    }

    @Test
    void resourcesAreRefusedByName() {
        assertThatThrownBy(() -> run(RUN_APP.replace(
                        "'processes': {'web': 2}", "'processes': {}, 'resources': [{'name': 'postgres'}]")))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED))
                .hasMessageContaining("resources");
    }

    @Test
    void anAppStepThatMakesNoAppIsRefused() {
        assertThatThrownBy(() -> run(
                        "[{'id': 'r', 'action': 'add-route', 'app_step': 'nobody', 'domain': 'x', 'service': 'x'}]"))
                .hasMessageContaining("\"nobody\" is no step that makes an app");
    }

    // ---- outages

    @Test
    void aStepThatFailsForAMomentIsRunAgain() {
        var told = new RecordingOutput();
        var outages = new AtomicInteger(2);
        builder(ROUTE)
                .output(told)
                .controller(() -> {
                    if (outages.getAndDecrement() > 0) {
                        throw FlynnException.unavailable("no quorum", null);
                    }
                    return new FakeController(platform.state, Killer.never());
                })
                .build()
                .run();

        assertThat(told.events)
                .containsSubsequence("started r", "again r no quorum", "again r no quorum", "done r")
                .doesNotContain("failed r");
    }

    @Test
    void aStepThatFailsForLongerThanAnythingIsWaitedForEndsIt() {
        assertThatThrownBy(() -> builder(ROUTE)
                        .patience(SHORT)
                        .controller(() -> {
                            throw FlynnException.unavailable("no quorum", null);
                        })
                        .build()
                        .run())
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessage("bootstrap step \"r\" failed: no quorum");
    }

    private static final String ROUTE = """
            [{'id': 'x', 'action': 'run-app', 'app': {'name': 'x'}, 'artifact': {'type': 'builtin', 'uri': 'builtin:x'},
              'release': {'processes': {'web': {}}}, 'processes': {'web': 1}},
             {'id': 'r', 'action': 'add-route', 'app_step': 'x', 'domain': 'x.test', 'service': 'x-web'}]
            """;

    // ---- order

    @Test
    void stepsRunInOrderUnlessTheySayWhatTheyComeAfter() {
        var order = new RecordingOutput();
        builder("""
                        [{'id': 'a', 'action': 'log', 'output': 'x'},
                         {'id': 'slow', 'action': 'wait', 'url': 'http://late.discoverd', 'status': 401, 'after': ['a']},
                         {'id': 'quick', 'action': 'log', 'output': 'x', 'after': ['a']},
                         {'id': 'last', 'action': 'log', 'output': 'x'}]
                        """)
                .output(order.andThen("done quick", () -> {
                    platform.discovery.createService("late", LeaderType.OLDEST);
                    platform.discovery.register(
                            "late", Instance.of("http", "127.0.0.1:" + platform.pagePort(), Map.of()));
                }))
                .build()
                .run();

        assertThat(order.events).containsSubsequence("done a", "started slow", "done slow", "started last");
        assertThat(order.events).containsSubsequence("done a", "started quick", "done quick", "done slow");
    }

    @Test
    void afterAFailureNothingNewBegins() {
        var order = new RecordingOutput();

        assertThatThrownBy(() -> builder("""
                                [{'id': 'bad', 'action': 'require-env', 'vars': ['NOT_SET']},
                                 {'id': 'never', 'action': 'log', 'output': 'x'}]
                                """).output(order).build().run())
                .hasMessage("bootstrap step \"bad\" failed: Missing required environment variable(s): NOT_SET");

        assertThat(order.events).contains("failed bad").doesNotContain("started never");
    }

    @Test
    void anInterruptEndsIt() throws InterruptedException {
        var failure = new AtomicReference<Throwable>();
        var thread = new Thread(() -> {
            try {
                run("[{'id': 'w', 'action': 'wait', 'url': 'tcp://nobody.discoverd'}]");
            } catch (FlynnException e) {
                failure.set(e);
            }
        });
        thread.start();
        await().until(() -> thread.getState() == Thread.State.WAITING);

        thread.interrupt();

        thread.join(30_000);
        assertThat(failure.get()).hasMessageContaining("interrupted; run it again");
    }

    // ---- output

    @Test
    void textIsForPeopleAndHidesSecrets() {
        var out = new ByteArrayOutputStream();
        builder("""
                        [{'id': 'key', 'action': 'gen-random', 'data': 'opensesame'},
                         {'id': 'end', 'action': 'log', 'output': 'all is well'}]
                        """).output(text(out)).build().run();

        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("""
                        10:11:12.000001 check online-hosts
                        10:11:12.000001 gen-random key
                        10:11:12.000001 gen-random key ********
                        10:11:12.000001 log end
                        10:11:12.000001 log end all is well
                        """);
    }

    @Test
    void jsonIsForProgramsAndComplete() {
        var out = new ByteArrayOutputStream();
        assertThatThrownBy(() -> builder("""
                                [{'id': 'key', 'action': 'gen-random', 'data': 'opensesame'},
                                 {'id': 'bad', 'action': 'require-env', 'vars': ['A']}]
                                """)
                        .output(BootstrapOutput.json(
                                new PrintStream(out, true, StandardCharsets.UTF_8), new FlynnJson(), noon()))
                        .build()
                        .run())
                .isInstanceOf(FlynnException.class);

        assertThat(out.toString(StandardCharsets.UTF_8).lines().skip(2))
                .containsExactly(
                        "{\"id\":\"key\",\"action\":\"gen-random\",\"state\":\"start\",\"ts\":\"2030-01-01T10:11:12.000001Z\"}",
                        "{\"id\":\"key\",\"action\":\"gen-random\",\"state\":\"done\",\"ts\":\"2030-01-01T10:11:12.000001Z\","
                                + "\"data\":{\"data\":\"opensesame\"}}",
                        "{\"id\":\"bad\",\"action\":\"require-env\",\"state\":\"start\",\"ts\":\"2030-01-01T10:11:12.000001Z\"}",
                        "{\"id\":\"bad\",\"action\":\"require-env\",\"state\":\"error\",\"ts\":\"2030-01-01T10:11:12.000001Z\","
                                + "\"error\":\"Missing required environment variable(s): A\"}");
    }

    // ---- helpers

    private void run(String manifest) {
        builder(manifest).build().run();
    }

    /** @param manifest with single quotes for double ones */
    private Bootstrap.Builder builder(String manifest) {
        return Bootstrap.builder(platform.state, platform.discovery)
                .manifest(manifest.replace('\'', '"'))
                .controller(() -> new FakeController(platform.state, Killer.never()));
    }

    private JsonNode result(String step) {
        return new StepResults(platform.store, new FlynnJson()).find(step).orElseThrow();
    }

    private static BootstrapOutput text(ByteArrayOutputStream out) {
        return BootstrapOutput.text(new PrintStream(out, true, StandardCharsets.UTF_8), noon(), ZoneOffset.UTC);
    }

    private static Clock noon() {
        return Clock.fixed(Instant.parse("2030-01-01T10:11:12.000001Z"), ZoneOffset.UTC);
    }

    /** Remembers what it was told. */
    private static final class RecordingOutput implements BootstrapOutput {

        final List<String> events = Collections.synchronizedList(new ArrayList<>());
        private String trigger = "";
        private Runnable action = () -> {};

        RecordingOutput andThen(String event, Runnable next) {
            trigger = event;
            action = next;
            return this;
        }

        @Override
        public void started(String action, String id) {
            add("started " + id);
        }

        @Override
        public void done(String action, String id, JsonNode result, String text) {
            add("done " + id);
        }

        @Override
        public void failed(String action, String id, String message) {
            add("failed " + id);
        }

        @Override
        public void tryingAgain(String action, String id, String message) {
            add("again " + id + " " + message);
        }

        private void add(String event) {
            events.add(event);
            if (event.equals(trigger)) {
                action.run();
            }
        }
    }
}
