package dev.flynn.distro.jobs;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostClient;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;

/** A volume as a host tells it. */
record VolumeView(JsonNode json) {

    /** Those of all hosts, also of such that are down: every host knows them. */
    static List<VolumeView> everywhere(HostClient any) {
        return any.volumes(true).stream().map(VolumeView::new).toList();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} */
    static VolumeView named(HostClient any, String id) {
        return everywhere(any).stream()
                .filter(volume -> volume.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "no such volume: " + id));
    }

    String id() {
        return json.path("id").asText();
    }

    String type() {
        return json.path("type").asText();
    }

    String host() {
        return json.path("host_id").asText();
    }

    Instant created() {
        return Instant.parse(json.path("created_at").asText());
    }

    Optional<String> job() {
        return Optional.of(json.path("job_id").asText()).filter(id -> !id.isEmpty());
    }

    boolean isSnapshot() {
        return json.hasNonNull("snapshot_of");
    }

    /** What is noted of it, and what it is for. */
    String meta() {
        var meta = new StringJoiner(" ");
        json.path("meta")
                .properties()
                .forEach(entry ->
                        meta.add(entry.getKey() + "=" + entry.getValue().asText()));
        if (isSnapshot()) {
            meta.add("snapshot_of=" + json.path("snapshot_of").asText());
        }
        job().ifPresent(id -> meta.add("job=" + id));
        return meta.toString();
    }
}
