package dev.flynn.api.log;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import org.apiguardian.api.API;

/**
 * Where every host sends the lines of its jobs' logs, beside the log aggregators (contract: controller, Endpoints added by
 * [21]).
 *
 * @param id a UUID
 * @param kind {@link #SYSLOG}
 * @param hostManaged whether one host keeps it for itself; never so for one that was made through the controller
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Sink(String id, String kind, boolean hostManaged, Config config, Instant createdAt, Instant updatedAt) {

    public static final String SYSLOG = "syslog";

    public Sink {
        requireNonNull(id, "id");
        requireNonNull(kind, "kind");
        requireNonNull(config, "config");
        requireNonNull(createdAt, "createdAt");
        requireNonNull(updatedAt, "updatedAt");
    }

    /**
     * How to reach a syslog server and what it is sent.
     *
     * @param url {@code syslog://host:port}, {@code syslog+udp://…} or {@code syslog+tls://…}
     * @param template of messages; empty means ours
     * @param useIds whether messages name apps by id; ours always do
     * @param insecure whether a server that nobody vouches for is taken
     * @param structuredData whether messages have structured data; ours always do
     * @param format {@code rfc6587} or {@code newline}; empty means the first
     */
    public record Config(
            String url, String template, boolean useIds, boolean insecure, boolean structuredData, String format) {}
}
