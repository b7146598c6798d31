package dev.flynn.controller;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.log.Sink;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Where every host of the cluster sends its lines. */
public final class SinkCatalog {

    private static final Set<String> SCHEMES = Set.of("syslog", "syslog+tcp", "syslog+udp", "syslog+tls");
    private static final Set<String> FORMATS = Set.of("", "rfc6587", "newline");

    private final ClusterState state;

    SinkCatalog(ClusterState state) {
        this.state = state;
    }

    /** What a client sends to make a sink. */
    public record NewSink(String kind, Optional<Sink.Config> config) {}

    /** @throws FlynnException {@code VALIDATION} for what hosts cannot do */
    public Sink create(NewSink request) {
        if (!request.kind().equals(Sink.SYSLOG)) {
            throw FlynnException.invalidField(
                    "kind",
                    "must be syslog, was \"%s\"; log aggregators of the cluster get all lines anyway"
                            .formatted(request.kind()));
        }
        Sink.Config config = request.config().orElseThrow(() -> ReleaseCatalog.required("config"));
        requirePossible(config);
        Instant now = state.clock().instant();
        var sink = new Sink(UUID.randomUUID().toString(), request.kind(), false, config, now, now);
        Transaction.Builder transaction = Transaction.builder();
        state.sinks().create(transaction, sink.id(), sink);
        tell(transaction, EventType.SINK, sink);
        // the id is new, so that nothing stands in the way
        var unused = state.commit(transaction);
        return sink;
    }

    private static void requirePossible(Sink.Config config) {
        requireUrl(config.url());
        if (!FORMATS.contains(config.format())) {
            throw FlynnException.invalidField(
                    "config.format", "must be rfc6587 or newline, was \"%s\"".formatted(config.format()));
        }
        if (!config.template().isEmpty()) {
            throw FlynnException.invalidField(
                    "config.template", "is not available: messages have the form of RFC 5424");
        }
        if (config.insecure()) {
            throw FlynnException.invalidField(
                    "config.insecure", "is not available: add ?ca=FILE to the URL, where every host has that file");
        }
    }

    private static void requireUrl(String url) {
        try {
            var uri = new URI(url);
            if (!SCHEMES.contains(String.valueOf(uri.getScheme())) || uri.getHost() == null) {
                throw FlynnException.invalidField(
                        "config.url",
                        "must begin with syslog://, syslog+udp:// or syslog+tls:// and name a host, was \"%s\""
                                .formatted(url));
            }
        } catch (URISyntaxException e) {
            throw FlynnException.invalidField("config.url", "is not a URL: " + e.getReason());
        }
    }

    /** All sinks, newest first. */
    public List<Sink> list() {
        return Versioned.newestFirst(state.sinks().list());
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Sink get(String id) {
        return read(id).value();
    }

    private Versioned<Sink> read(String id) {
        return state.sinks().get(ReleaseCatalog.objectId("sink", id));
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    public Sink delete(String id) {
        while (true) {
            Versioned<Sink> read = read(id);
            Transaction.Builder transaction = Transaction.builder();
            state.sinks().remove(transaction, read);
            tell(transaction, EventType.SINK_DELETION, read.value());
            if (state.commit(transaction).committed()) {
                return read.value();
            }
        }
    }

    private void tell(Transaction.Builder transaction, EventType type, Sink sink) {
        state.events().append(transaction, type, Optional.empty(), sink.id(), sink);
    }
}
