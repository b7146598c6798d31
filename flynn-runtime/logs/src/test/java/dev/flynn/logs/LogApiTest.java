package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.discovery.Discovery;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The aggregator's HTTP API, and the reader that the controller uses. */
@Timeout(60)
class LogApiTest {

    private static final LogQuery ALL = new LogQuery(false, OptionalInt.empty(), Optional.empty(), Optional.empty());

    @TempDir
    Path directory;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private LogMux mux;
    private AutoCloseable program;
    private int port;
    private LogReader reader;

    @BeforeEach
    void start() throws Exception {
        mux = new LogMux(directory, LogRotation.DEFAULTS, new DiskReserve(directory, 0));
        startAggregator();
        reader = new LogReader(discovery("127.0.0.1:" + port));
    }

    private void startAggregator() throws Exception {
        try (var socket = new ServerSocket(0)) {
            port = socket.getLocalPort();
        }
        program = new LogAggregatorProgram(mux)
                .start(new Job(Map.of("LISTEN_IP", "127.0.0.1", "PORT", Integer.toString(port))));
    }

    @AfterEach
    void stop() throws Exception {
        program.close();
        mux.close();
    }

    // ---- reading

    @Test
    void anAppWithoutLinesHasAnEmptyLog() throws Exception {
        HttpResponse<String> answer = get("/log/" + AppId.random());

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEmpty();
    }

    @Test
    void aLineHasExactlyTheseFields() throws Exception {
        mux.accept(Lines.APP, Lines.message("listening on 8080"));
        await().until(() -> !get("/log/" + Lines.APP).body().isEmpty());

        assertThat(get("/log/" + Lines.APP).body())
                .isEqualTo("{\"host_id\":\"host1\",\"job_id\":\"" + Lines.JOB
                        + "\",\"msg\":\"listening on 8080\",\"process_type\":\"web\",\"stream\":\"stdout\","
                        + "\"timestamp\":\"2015-12-20T10:00:01.000000002Z\",\"source\":\"app\"}\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                               | 1 2 3 4 5",
                "lines=0                          | 1 2 3 4 5",
                "lines=2                          | 4 5",
                "lines=10000                      | 1 2 3 4 5",
                "job_id=a                         | 1 2",
                "job_id=a&lines=1                 | 2",
                "job_id=none                      | ''",
                "process_type=web                 | 1 2 3",
                "process_type=                    | 5",
                "process_type=web&process_type=clock | 4",
                "process_type=web&lines=1         | 3",
                "stream_types=stderr              | 3 4",
                "stream_types=stderr,init         | 3 4 5",
                "stream_types=                    | 1 2 3 4 5",
                "follow=yes&lines=1               | 5",
            })
    void theFiltersChoose(String parameters, String expected) throws Exception {
        acceptFiveLines();

        List<String> texts = new ArrayList<>();
        for (String line : get("/log/" + Lines.APP + "?" + parameters).body().split("\n")) {
            if (!line.isEmpty()) {
                texts.add(line.replaceAll(".*\"msg\":\"line (\\d+)\".*", "$1"));
            }
        }

        assertThat(String.join(" ", texts)).isEqualTo(expected);
    }

    private void acceptFiveLines() {
        accept(Lines.line(1, "a", "web", "stdout"));
        accept(Lines.line(2, "a", "web", "stdout"));
        accept(Lines.line(3, "b", "web", "stderr"));
        accept(Lines.line(4, "c", "clock", "stderr"));
        accept(Lines.line(5, "d", "", "init"));
        await().until(() -> read(ALL).size() == 5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "10001", "ten", "", "1.5", "99999999999"})
    void anotherNumberOfLinesIsRefused(String lines) throws Exception {
        HttpResponse<String> answer = get("/log/" + Lines.APP + "?lines=" + lines);

        assertThat(answer.statusCode()).isEqualTo(400);
        assertThat(answer.body())
                .contains("\"code\":\"validation_error\"")
                .contains("\"message\":\"lines lines must be an integer between 0 and 10000\"")
                .contains("\"detail\":{\"field\":\"lines\"}");
    }

    @Test
    void otherPathsAreNotFound() throws Exception {
        for (String path : List.of("/", "/log/", "/log/no-id", "/logs/" + Lines.APP)) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(404);
            assertThat(get(path).body()).contains("\"code\":\"not_found\"");
        }
    }

    @Test
    void itIsHealthy() throws Exception {
        assertThat(get("/.well-known/status").body()).isEqualTo("{\"data\":{\"status\":\"healthy\"}}");
    }

    @Test
    void theCursorOfEachHostIsTold() throws Exception {
        accept(Lines.line(1));
        accept(Lines.line(2));
        await().until(() -> read(ALL).size() == 2);

        assertThat(get("/cursors").body())
                .isEqualTo("{\"host1\":{\"time\":\"2015-12-20T10:00:01.000000004Z\",\"seq\":2}}");
    }

    // ---- following

    @Test
    void whoFollowsWithoutANumberSeesNewLinesOnly() throws Exception {
        accept(Lines.line(1));
        await().until(() -> read(ALL).size() == 1);
        for (OptionalInt none : List.of(OptionalInt.empty(), OptionalInt.of(0))) {
            try (Follower follower = follow(none)) {
                accept(Lines.line(100 + none.orElse(50)));

                follower.awaitLines("line " + (100 + none.orElse(50)));
            }
        }
    }

    @Test
    void whoFollowsWithANumberSeesTheNewestAndThenNewLines() throws Exception {
        accept(Lines.line(1));
        accept(Lines.line(2));
        await().until(() -> read(ALL).size() == 2);

        try (Follower follower = follow(OptionalInt.of(1))) {
            follower.awaitLines("line 2");
            accept(Lines.line(3));
            follower.awaitLines("line 2", "line 3");
        }
    }

    @Test
    void anAnswerBeginsBeforeThereIsALine() throws Exception {
        HttpRequest request = HttpRequest.newBuilder(uri("/log/" + Lines.APP + "?follow=true"))
                .build();

        HttpResponse<InputStream> answer =
                client.sendAsync(request, BodyHandlers.ofInputStream()).get(5, TimeUnit.SECONDS);

        assertThat(answer.statusCode()).isEqualTo(200);
        answer.body().close();
    }

    @Test
    void closingFromAnotherThreadEndsAWait() throws Exception {
        LogReader.Lines lines = reader.open(Lines.APP, following(OptionalInt.empty()));
        CompletableFuture<Boolean> ended = CompletableFuture.supplyAsync(() -> {
            try {
                return lines.next().isEmpty();
            } catch (IOException e) {
                return true;
            }
        });

        CompletableFuture.runAsync(lines::close).get(5, TimeUnit.SECONDS);

        assertThat(ended.get(5, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whoFollowsIsToldWhenTheAggregatorEnds() throws Exception {
        try (Follower follower = follow(OptionalInt.empty())) {
            program.close();
            follower.awaitEnd();
            startAggregator();
        }
    }

    // ---- restarts

    @Test
    void aNewAggregatorServesTheOldLines() throws Exception {
        acceptFiveLines();
        program.close();
        startAggregator();
        reader = new LogReader(discovery("127.0.0.1:" + port));

        assertThat(Lines.texts(read(ALL))).containsExactly("line 1", "line 2", "line 3", "line 4", "line 5");
    }

    @Test
    void aNewHostServesTheOldLinesAndTheirOrderStays() throws Exception {
        acceptFiveLines();
        program.close();
        mux.close();
        start();
        accept(Lines.line(6));

        await().untilAsserted(() -> assertThat(Lines.texts(read(ALL)))
                .containsExactly("line 1", "line 2", "line 3", "line 4", "line 5", "line 6"));
    }

    // ---- the reader

    @Test
    void theReaderGivesBackWhatTheJobWrote() {
        LogMessage message = Lines.message("grün \" \\ \t ]");
        mux.accept(Lines.APP, message);

        await().untilAsserted(() -> assertThat(read(ALL)).containsExactly(message));
    }

    @Test
    void theReaderPassesEveryFilterOn() {
        acceptFiveLines();

        assertThat(Lines.texts(read(new LogQuery(
                        false, OptionalInt.of(2), Optional.of("a"), Optional.of("web"), Set.of("stdout", "stderr")))))
                .containsExactly("line 1", "line 2");
        assertThat(Lines.texts(read(
                        new LogQuery(false, OptionalInt.empty(), Optional.empty(), Optional.of(""), Set.of("init")))))
                .containsExactly("line 5");
    }

    @Test
    void theLastLinesOfAJob() {
        JobId job = JobId.random("host1");
        for (int i = 1; i <= 5; i++) {
            accept(Lines.line(i, job.value(), "web", "stderr"));
        }
        accept(Lines.line(6, "host1-other", "web", "stderr"));
        await().until(() -> read(ALL).size() == 6);

        assertThat(reader.lastLines(Lines.APP, job, 2)).containsExactly("line 4", "line 5");
    }

    @Test
    void anAggregatorThatDoesNotAnswerIsPassedOver() {
        acceptFiveLines();
        var withADeadOne = new LogReader(discovery("127.0.0.1:1", "127.0.0.1:" + port));

        assertThat(withADeadOne.lastLines(Lines.APP, JobId.random("host1"), 1)).isEmpty();
        try (LogReader.Lines lines = withADeadOne.open(Lines.APP, ALL)) {
            assertThat(lines).isNotNull();
        }
    }

    @Test
    void withoutAnAggregatorTheLogIsUnavailable() {
        for (var nobody : List.of(discovery(), discovery("127.0.0.1:1"))) {
            var without = new LogReader(nobody);

            assertThatExceptionOfType(FlynnException.class)
                    .isThrownBy(() -> without.open(Lines.APP, ALL))
                    .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                    .withMessageContaining("log aggregator");
            assertThat(without.lastLines(Lines.APP, JobId.random("host1"), 5)).isEmpty();
        }
    }

    // ---- helpers

    private void accept(SyslogLine line) {
        mux.accept(line.app(), line.message());
    }

    private List<LogMessage> read(LogQuery query) {
        List<LogMessage> found = new ArrayList<>();
        try (LogReader.Lines lines = reader.open(Lines.APP, query)) {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                found.add(line.get());
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }

    private static LogQuery following(OptionalInt lines) {
        return new LogQuery(true, lines, Optional.empty(), Optional.empty());
    }

    private Follower follow(OptionalInt lines) {
        return new Follower(reader.open(Lines.APP, following(lines)));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return client.send(HttpRequest.newBuilder(uri(path)).build(), BodyHandlers.ofString());
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private static Discovery discovery(String... addresses) {
        List<Instance> instances = new ArrayList<>();
        for (String address : addresses) {
            instances.add(Instance.of("tcp", address, Map.of()));
        }
        return (Discovery) Proxy.newProxyInstance(
                Discovery.class.getClassLoader(),
                new Class<?>[] {Discovery.class},
                (proxy, method, arguments) -> method.getName().equals("instances") ? instances : null);
    }

    /** Reads in a thread of its own, as a client that follows does. */
    private static final class Follower implements AutoCloseable {

        private final List<String> seen = new CopyOnWriteArrayList<>();
        private final LogReader.Lines lines;
        private final Thread thread = new Thread(this::read, "follower");

        Follower(LogReader.Lines lines) {
            this.lines = lines;
            thread.start();
        }

        private void read() {
            try {
                for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                    seen.add(line.get().message());
                }
            } catch (IOException closed) {
                // the end of following
            }
        }

        void awaitLines(String... texts) {
            await().untilAsserted(() -> assertThat(seen).containsExactly(texts));
        }

        void awaitEnd() {
            await().until(() -> !thread.isAlive());
        }

        @Override
        public void close() throws InterruptedException {
            lines.close();
            thread.join();
        }
    }

    private record Job(Map<String, String> env) implements BuiltinJob {

        @Override
        public JobSpec spec() {
            return JobSpec.ofCommand(
                    JobId.random("test"), new JobSpec.Image("builtin", "builtin:logaggregator"), List.of());
        }

        @Override
        public PrintStream out() {
            return System.out;
        }

        @Override
        public PrintStream err() {
            return System.err;
        }

        @Override
        public void fail(Throwable reason) {
            throw new AssertionError(reason);
        }
    }
}
