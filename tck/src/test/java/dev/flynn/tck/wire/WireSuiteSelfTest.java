package dev.flynn.tck.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.tck.wire.SmallController.Alteration;
import dev.flynn.tck.wire.SmallController.Reply;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The suite is only worth something if a controller that is wrong in one place fails it there, and nowhere else. */
class WireSuiteSelfTest {

    /** What the small controller has. */
    private static final List<String> CHECKS = List.of(
            "apps/create/answers-200",
            "apps/create/fields",
            "apps/create/empty-meta",
            "apps/create/generated-name",
            "apps/create/name-taken",
            "apps/create/bad-names",
            "apps/create/event",
            "apps/create/needs-the-key",
            "apps/create/malformed-json",
            "apps/create/empty-body",
            "apps/list/*",
            "apps/get/by-*",
            "apps/get/fields",
            "apps/get/unknown",
            "apps/get/unknown-app",
            "apps/delete/answers-200",
            "apps/delete/name-is-free",
            "apps/delete/unknown-app",
            "transport/paths/unknown",
            "transport/keys/none",
            "events/stream/opens",
            "events/stream/keep-alive");

    private static Report run(Alteration alteration) throws IOException {
        try (var controller = new SmallController(alteration)) {
            Settings settings =
                    Settings.DEFAULTS.withOnly(String.join(",", CHECKS)).withoutJobs();
            Report report = new WireSuite(controller.target(), settings).run(result -> {});
            assertThat(controller.apps()).as("apps left").isZero();
            return report;
        }
    }

    private static Stream<String> bad(Report report) {
        return report.results().stream()
                .filter(result -> result.outcome().isBad())
                .map(result -> result.endpoint().id())
                .distinct();
    }

    @Test
    void aControllerThatIsRightPasses() throws IOException {
        Report report = run(new Alteration() {});

        assertThat(report.results())
                .allSatisfy(result -> assertThat(result.outcome())
                        .as("%s: %s", result.check(), result.message())
                        .isEqualTo(Outcome.PASSED));
        assertThat(report.isGood()).isTrue();
        assertThat(report.results()).hasSizeGreaterThan(20);
    }

    private static Alteration on(String method, String path, UnaryOperator<Reply> change) {
        return new Alteration() {
            @Override
            public Reply reply(String asked, String where, Reply reply) {
                return asked.equals(method) && where.matches(path) ? change.apply(reply) : reply;
            }
        };
    }

    private static Reply status(Reply reply, int from, int to) {
        return reply.status() == from ? new Reply(to, reply.type(), reply.body()) : reply;
    }

    private static Reply without(Reply reply, String key) {
        if (Json.readLeniently(reply.body()) instanceof ObjectNode object) {
            object.remove(key);
            return new Reply(reply.status(), reply.type(), Json.write(object));
        }
        return reply;
    }

    static Stream<Arguments> alterations() {
        return Stream.of(
                Arguments.of("a creation is 201", on("POST", "/apps", reply -> status(reply, 200, 201)), "apps/create"),
                Arguments.of(
                        "no strategy in a new app",
                        on("POST", "/apps", reply -> without(reply, "strategy")),
                        "apps/create"),
                Arguments.of(
                        "no retry in an error",
                        on("POST", "/apps", reply -> reply.status() == 409 ? without(reply, "retry") : reply),
                        "apps/create"),
                Arguments.of(
                        "a missing app is a JSON error",
                        on(
                                "GET",
                                "/apps/[^/]+",
                                reply -> reply.status() == 404
                                        ? new Reply(404, "application/json", "{\"code\":\"not_found\"}")
                                        : reply),
                        "apps/get"),
                Arguments.of(
                        "an app without its meta",
                        on("GET", "/apps/[^/]+", reply -> without(reply, "meta")),
                        "apps/get"),
                Arguments.of(
                        "a list that says nothing of JSON",
                        on(
                                "GET",
                                "/apps",
                                reply -> reply.status() == 200 ? new Reply(200, "text/plain", reply.body()) : reply),
                        "apps/list"),
                Arguments.of(
                        "a deletion is 202",
                        on("DELETE", "/apps/[^/]+", reply -> status(reply, 200, 202)),
                        "apps/delete"),
                Arguments.of(
                        "another page for what is not there",
                        on("GET", "/tck-.*", reply -> new Reply(404, "text/html", "<h1>Not found</h1>")),
                        "transport/paths"),
                Arguments.of(
                        "an empty line after the keep-alive",
                        new Alteration() {
                            @Override
                            public String keepAlive() {
                                return ":\n\n";
                            }
                        },
                        "events/stream"),
                Arguments.of(
                        "a keep-alive with CR",
                        new Alteration() {
                            @Override
                            public String keepAlive() {
                                return ":\r\n";
                            }
                        },
                        "events/stream"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("alterations")
    void oneAlterationIsNamed(String what, Alteration alteration, String endpoint) throws IOException {
        Report report = run(alteration);

        assertThat(report.isGood()).as(what).isFalse();
        assertThat(bad(report)).as("%s: %s", what, TextReport.of(report)).containsExactly(endpoint);
        Result failed = report.results().stream()
                .filter(result -> result.outcome() == Outcome.FAILED)
                .findFirst()
                .orElseThrow();
        assertThat(failed.section()).startsWith("§");
        assertThat(failed.message()).isNotEmpty();
        assertThat(String.join("\n", failed.transcript()))
                .doesNotContain(SmallController.KEY, WireClient.basic(SmallController.KEY));
    }

    @Test
    void whatIsNotThereBlocksWhatNeedsIt() throws IOException {
        Report report = run(on(
                "POST", "/apps", reply -> Reply.error(500, "unknown_error", "Something went wrong", Optional.empty())));

        assertThat(bad(report)).contains("apps/create");
        assertThat(report.results())
                .filteredOn(result -> result.endpoint().id().equals("apps/get") && result.outcome() != Outcome.PASSED)
                .isNotEmpty()
                .allSatisfy(result -> assertThat(result.outcome()).isEqualTo(Outcome.BLOCKED));
    }
}
