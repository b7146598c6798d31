package dev.flynn.controller;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.json.FlynnJson;
import dev.flynn.spi.discovery.Discovery;
import java.net.URI;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A replicated database of the cluster: its state is its service's metadata, its members answer one port above the database's. */
final class HttpSireniaAppliance implements SireniaAppliance {

    private static final String RELEASE = "FLYNN_RELEASE_ID";
    private static final String JOB = "FLYNN_JOB_ID";
    private static final String FLYNN = "FLYNN_";

    /** With what the metadata key ends that has a member's own id: {@code POSTGRES_ID}, {@code MARIADB_ID}, {@code MONGODB_ID}. */
    private static final String ID = "_ID";

    private final Discovery discovery;
    private final ClusterHttp http;
    private final String service;
    private final FlynnJson json = new FlynnJson();

    HttpSireniaAppliance(Discovery discovery, ClusterHttp http, String service) {
        this.discovery = discovery;
        this.http = http;
        this.service = service;
    }

    @Override
    public Optional<Chain> chain() {
        return discovery.meta(service).flatMap(meta -> chain(meta.data()));
    }

    private Optional<Chain> chain(String document) {
        JsonNode state;
        try {
            state = json.readTree(document);
        } catch (FlynnException noJson) {
            return Optional.empty();
        }
        Optional<SireniaPeer> primary = peer(state.path("primary"));
        if (primary.isEmpty() || !state.path("generation").isIntegralNumber()) {
            return Optional.empty();
        }
        List<SireniaPeer> asyncs = new ArrayList<>();
        state.path("async").forEach(async -> peer(async).ifPresent(asyncs::add));
        return Optional.of(new Chain(
                primary.get(),
                peer(state.path("sync")),
                asyncs,
                state.path("singleton").asBoolean()));
    }

    private Optional<SireniaPeer> peer(JsonNode instance) {
        return instance.path("addr").asText().isEmpty()
                ? Optional.empty()
                : Optional.of(peer(json.convert(instance, Instance.class)));
    }

    private static SireniaPeer peer(Instance instance) {
        Map<String, String> meta = instance.meta();
        String own = meta.keySet().stream()
                .filter(key -> key.endsWith(ID) && !key.startsWith(FLYNN))
                .sorted()
                .findFirst()
                .map(meta::get)
                .orElse(instance.id());
        return new SireniaPeer(
                instance.id(), own, instance.addr(), meta.getOrDefault(RELEASE, ""), meta.getOrDefault(JOB, ""));
    }

    @Override
    public List<SireniaPeer> peers() {
        return discovery.instances(service).stream()
                .sorted(Comparator.comparingLong(Instance::index))
                .map(HttpSireniaAppliance::peer)
                .toList();
    }

    @Override
    public Optional<Status> status(SireniaPeer peer) {
        try {
            ClusterHttp.Answer answer = http.send("GET", url(peer, "/status"), Optional.empty(), Optional.empty());
            return answer.status() == 200 ? Optional.of(status(answer.body())) : Optional.empty();
        } catch (FlynnException noAnswer) {
            return Optional.empty();
        }
    }

    private Status status(String body) {
        JsonNode status = json.readTree(body);
        JsonNode database = status.has("database") ? status.path("database") : status.path("postgres");
        return new Status(
                database.path("read_write").asBoolean(),
                database.path("synced_downstream").path("id").asText());
    }

    @Override
    public void stop(SireniaPeer peer) {
        boolean isThere = peers().stream().anyMatch(known -> known.id().equals(peer.id()));
        if (!isThere) {
            return;
        }
        int status = http.send("POST", url(peer, "/stop"), Optional.empty(), Optional.empty())
                .status();
        if (status != 200) {
            throw FlynnException.unavailable(
                    "member %s answered %d to POST /stop".formatted(peer.addr(), status), null);
        }
    }

    private static URI url(SireniaPeer peer, String path) {
        int colon = peer.addr().lastIndexOf(':');
        int port = Integer.parseInt(peer.addr().substring(colon + 1)) + 1;
        return URI.create("http://" + peer.addr().substring(0, colon) + ":" + port + path);
    }
}
