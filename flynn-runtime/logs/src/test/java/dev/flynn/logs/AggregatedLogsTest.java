package dev.flynn.logs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.log.AppLogs;
import dev.flynn.spi.log.AppLogs.Query;
import dev.flynn.store.MemoryClusterStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class AggregatedLogsTest {

    private static final String LINE = "{\"host_id\":\"host1\",\"job_id\":\"host1-a\",\"msg\":\"one\","
            + "\"stream\":\"stdout\",\"timestamp\":\"2015-12-20T10:00:01Z\",\"source\":\"app\"}\n";

    private final AppId app = AppId.random();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final MemoryClusterStore store = new MemoryClusterStore();
    private final Discovery discovery = StoreDiscovery.builder(store).build();
    private final AggregatedLogs logs = new AggregatedLogs(new LogReader(discovery));
    private HttpServer aggregator;

    @BeforeEach
    void start() throws IOException {
        aggregator = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        aggregator.createContext("/", exchange -> {
            requests.add(exchange.getRequestURI().toString());
            exchange.sendResponseHeaders(200, 0);
            exchange.getResponseBody().write(LINE.getBytes(StandardCharsets.UTF_8));
            exchange.close();
        });
        aggregator.start();
    }

    @AfterEach
    void stop() {
        aggregator.stop(0);
        discovery.close();
        store.close();
    }

    private void register() {
        discovery.createService("logaggregator", LeaderType.OLDEST);
        discovery.register(
                "logaggregator",
                Instance.of("http", "127.0.0.1:" + aggregator.getAddress().getPort(), Map.of()));
    }

    private static Query query(OptionalInt lines) {
        return new Query(Optional.empty(), Optional.empty(), lines);
    }

    @Test
    void readsWhatTheAggregatorKeeps() {
        register();

        List<LogMessage> lines = logs.read(app, new Query(Optional.of("host1-a"), Optional.of(""), OptionalInt.of(20)));

        assertThat(lines).extracting(LogMessage::message).containsExactly("one");
        assertThat(requests).containsExactly("/log/" + app + "?follow=false&lines=20&job_id=host1-a&process_type=");
    }

    @Test
    void followsUntilTheAggregatorEnds() {
        register();
        List<String> told = new CopyOnWriteArrayList<>();

        try (Subscription following = logs.follow(app, query(OptionalInt.of(0)), new AppLogs.Follower() {
            @Override
            public void onLine(LogMessage line) {
                told.add(line.message());
            }

            @Override
            public void onEnd(String reason) {
                told.add("end: " + reason);
            }
        })) {
            await().until(() -> told.size() == 2);
            assertThat(following).isNotNull();
        }

        assertThat(told).containsExactly("one", "end: the log aggregator ended the stream");
        assertThat(requests).containsExactly("/log/" + app + "?follow=true&lines=0");
    }

    @Test
    void saysWhenThereIsNoAggregator() {
        assertThatThrownBy(() -> logs.read(app, query(OptionalInt.empty())))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("log aggregator");
    }
}
