package dev.flynn.logs;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.log.LogMessage;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** Reads the logs of apps from the aggregator, which is found through discovery. Thread-safe. */
public final class LogReader {

    private static final String SERVICE = "logaggregator";

    /** The aggregator sends something at least every 15 s. */
    private static final Duration SILENCE = Duration.ofSeconds(60);

    private final Discovery discovery;
    private final FlynnJson json = new FlynnJson();

    public LogReader(Discovery discovery) {
        this.discovery = discovery;
    }

    /**
     * Begins to read; the caller closes the lines.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if no aggregator answers
     */
    public Lines open(AppId app, LogQuery query) {
        String target = "/log/" + app + parameters(query);
        IOException failure = null;
        for (Instance aggregator : discovery.instances(SERVICE)) {
            try {
                return new Lines(new HttpStream(aggregator.host(), aggregator.port(), target, SILENCE), json);
            } catch (IOException e) {
                failure = e;
            }
        }
        throw failure == null
                ? FlynnException.unavailable("the log aggregator does not run now; try again", null)
                : FlynnException.unavailable("the log aggregator does not answer: " + failure.getMessage(), failure);
    }

    /** The newest lines of one job; empty if the log cannot be read now. */
    public List<String> lastLines(AppId app, JobId job, int count) {
        var query = new LogQuery(false, OptionalInt.of(count), Optional.of(job.value()), Optional.empty());
        List<String> found = new ArrayList<>();
        try (Lines lines = open(app, query)) {
            for (Optional<LogMessage> line = lines.next(); line.isPresent(); line = lines.next()) {
                found.add(line.get().message());
            }
        } catch (IOException | FlynnException unreadable) {
            return found;
        }
        return found;
    }

    private static String parameters(LogQuery query) {
        var parameters = new StringBuilder("?follow=").append(query.follow());
        query.lines().ifPresent(lines -> parameters.append("&lines=").append(lines));
        query.jobId().ifPresent(job -> parameters.append("&job_id=").append(encode(job)));
        query.processType()
                .ifPresent(type -> parameters.append("&process_type=").append(encode(type)));
        if (!query.streams().isEmpty()) {
            parameters.append("&stream_types=").append(encode(String.join(",", query.streams())));
        }
        return parameters.toString();
    }

    private static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    /** Lines one after the other; {@link #close} from another thread ends a wait. */
    public static final class Lines implements AutoCloseable {

        private final HttpStream stream;
        private final BufferedReader reader;
        private final FlynnJson json;

        Lines(HttpStream stream, FlynnJson json) {
            this.stream = stream;
            this.json = json;
            this.reader = new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8));
        }

        /** Waits for the next line; empty at the end. */
        public Optional<LogMessage> next() throws IOException {
            String line = reader.readLine();
            while (line != null && line.isEmpty()) {
                line = reader.readLine();
            }
            return line == null ? Optional.empty() : Optional.of(json.read(line, LogMessage.class));
        }

        @Override
        public void close() {
            try {
                stream.close();
            } catch (IOException alreadyBroken) {
                // it is of no use any more
            }
        }
    }
}
