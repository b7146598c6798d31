package dev.flynn.host.api;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.json.FlynnJson;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A client of one host's API. Jobs are told as the wire has them (contract: layer 0, ActiveJob). Thread-safe.
 *
 * <p>Every method throws {@link FlynnException}: what the host says went wrong, or {@code SERVICE_UNAVAILABLE} if it does not
 * answer.
 */
public final class HostClient {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Unpacking one large layer is silent. */
    private static final Duration PULL_PATIENCE = Duration.ofMinutes(30);

    /** For what reads a whole disk. */
    private static final Duration LOOKING_THROUGH = Duration.ofMinutes(10);

    /** For what copies a whole volume. */
    private static final Duration TRANSFER = Duration.ofHours(12);

    private final String hostId;
    private final String address;
    private final HostClientAccess access;
    private final FlynnJson json;

    /** @param address {@code ip:port} */
    public HostClient(String hostId, String address, HostClientAccess access, FlynnJson json) {
        this.hostId = requireNonNull(hostId, "hostId");
        this.address = requireNonNull(address, "address");
        this.access = requireNonNull(access, "access");
        this.json = requireNonNull(json, "json");
    }

    public String hostId() {
        return hostId;
    }

    /** What is known of this host's jobs, by id. */
    public Map<String, JsonNode> jobs() {
        Map<String, JsonNode> jobs = new LinkedHashMap<>();
        call("GET", "/host/jobs", new byte[0]).properties().forEach(job -> jobs.put(job.getKey(), job.getValue()));
        return jobs;
    }

    public Optional<JsonNode> job(String id) {
        try {
            return Optional.of(call("GET", path(id), new byte[0]));
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.OBJECT_NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Makes a job wanted; whatever goes wrong with it afterwards is told to those attached and by its events. */
    public void run(String id, ObjectNode job) {
        var unused = call("PUT", path(id), json.writeBytes(job));
    }

    /** Returns when the job is over, or was killed. */
    public void stop(String id) {
        var unused = call("DELETE", path(id), new byte[0]);
    }

    public void signal(String id, int number) {
        var unused = call("PUT", path(id) + "/signal/" + number, new byte[0]);
    }

    public JsonNode status() {
        return call("GET", "/host/status", new byte[0]);
    }

    // volumes, as the wire has them (contract: layer 0, Volumes)

    /** Those of this host, or, with their hosts, of all, also of such that are down. */
    public List<JsonNode> volumes(boolean everywhere) {
        List<JsonNode> volumes = new ArrayList<>();
        call("GET", "/storage/volumes" + (everywhere ? "?cluster=true" : ""), new byte[0])
                .forEach(volumes::add);
        return volumes;
    }

    public JsonNode volume(String id) {
        return call("GET", volumePath(id), new byte[0]);
    }

    public JsonNode createVolume(String provider, Map<String, String> meta) {
        return call(
                "POST", "/storage/providers/" + encoded(provider) + "/volumes", json.writeBytes(Map.of("meta", meta)));
    }

    public void deleteVolume(String id) {
        var unused = call("DELETE", volumePath(id), new byte[0]);
    }

    /** Gives up a volume of another host, which does not come back. */
    public void abandonVolume(String id) {
        var unused = call("DELETE", volumePath(id) + "?abandon=true", new byte[0]);
    }

    /** Returns when it is made, which may take a while. */
    public JsonNode snapshot(String id) {
        return call(TRANSFER, "PUT", volumePath(id) + "/snapshot", new byte[0]);
    }

    /** What is in a volume of this host becomes what is in a snapshot of another; returns when all of it has come. */
    public JsonNode pullSnapshot(String id, String fromHost, String snapshot) {
        byte[] body = json.writeBytes(Map.of("host_id", fromHost, "snapshot_id", snapshot, "discard", true));
        return call(TRANSFER, "POST", volumePath(id) + "/pull_snapshot", body);
    }

    /** Deletes the volumes of apps that are gone; returns their ids. */
    public List<String> collectVolumes() {
        List<String> deleted = new ArrayList<>();
        call(TRANSFER, "POST", "/storage/gc", new byte[0]).forEach(id -> deleted.add(id.asText()));
        return deleted;
    }

    /** Who uses the host's disk. */
    public JsonNode disk() {
        return call(LOOKING_THROUGH, "GET", "/host/disk", new byte[0]);
    }

    /** Deletes what nobody needs any more; returns what is gone. */
    public JsonNode collectGarbage() {
        return call(LOOKING_THROUGH, "POST", "/host/disk/gc", new byte[0]);
    }

    /** The caller closes it. */
    SnapshotStream openSnapshot(String id, String mediaType) throws IOException {
        var http = new HostHttp(
                access,
                address,
                PATIENCE,
                "GET",
                volumePath(id) + "/send",
                Map.of("Content-Type", "application/json", "Accept", mediaType),
                new byte[] {'[', ']'});
        try {
            if (http.status() != 200) {
                throw failure(http.status(), new String(http.body(), StandardCharsets.UTF_8));
            }
            return new SnapshotStream(http);
        } catch (IOException | RuntimeException e) {
            http.close();
            throw e;
        }
    }

    private static String volumePath(String id) {
        return "/storage/volumes/" + encoded(id);
    }

    /** The images of this host, as the wire has them. */
    public JsonNode images() {
        return call("GET", "/host/images", new byte[0]);
    }

    /**
     * Deletes an image that no job needs.
     *
     * @param name a URI, or the id
     * @return the bytes that were freed
     */
    public long removeImage(String name) {
        String encoded = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
        return call("DELETE", "/host/images/" + encoded, new byte[0])
                .path("freed")
                .asLong();
    }

    /**
     * Has an image fetched; returns when it is there.
     *
     * @param told each line of progress, as the wire has it (contract: layer 0, Pull endpoints)
     */
    public void pullImage(String uri, Consumer<JsonNode> told) {
        byte[] body = json.writeBytes(Map.of("images", List.of(uri)));
        try (var http = new HostHttp(
                access,
                address,
                PULL_PATIENCE,
                "POST",
                "/host/pull/images",
                Map.of("Content-Type", "application/json"),
                body)) {
            if (http.status() != 200) {
                throw failure(http.status(), new String(http.body(), StandardCharsets.UTF_8));
            }
            readProgress(http.in(), told);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private void readProgress(InputStream in, Consumer<JsonNode> told) throws IOException {
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        boolean failed = false;
        boolean done = false;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            failed |= line.equals("event: error");
            if (line.startsWith("data: ")) {
                String data = line.substring("data: ".length());
                if (failed) {
                    throw new FlynnException(ErrorCode.SERVICE_UNAVAILABLE, data);
                }
                JsonNode progress = json.readTree(data);
                done |= progress.path("type").asText().equals("image");
                told.accept(progress);
            }
        }
        if (!done) {
            throw new IOException("the connection ended before the image was there");
        }
    }

    private static String path(String id) {
        return "/host/jobs/" + encoded(id);
    }

    private static String encoded(String segment) {
        return URLEncoder.encode(segment, StandardCharsets.UTF_8);
    }

    private JsonNode call(String method, String target, byte[] body) {
        return call(PATIENCE, method, target, body);
    }

    private JsonNode call(Duration patience, String method, String target, byte[] body) {
        try (var http = new HostHttp(
                access, address, patience, method, target, Map.of("Content-Type", "application/json"), body)) {
            String text = new String(http.body(), StandardCharsets.UTF_8);
            if (http.status() != 200) {
                throw failure(http.status(), text);
            }
            return text.isEmpty() ? json.readTree("{}") : json.readTree(text);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }

    private FlynnException unreachable(IOException e) {
        return FlynnException.unavailable(
                "host \"%s\" does not answer at %s: %s".formatted(hostId, address, e.getMessage()), e);
    }

    private FlynnException failure(int status, String text) {
        try {
            JsonNode body = json.readTree(text);
            if (body != null && body.hasNonNull("code")) {
                return new FlynnException(
                        ErrorCode.ofWireName(body.path("code").asText()),
                        body.path("message").asText());
            }
        } catch (FlynnException notJson) {
            // said below
        }
        return FlynnException.internal(
                "host \"%s\" answered with status %d: %s".formatted(hostId, status, text.strip()), null);
    }

    /** What an attachment is for. */
    public record Attach(boolean stdin, boolean history, boolean follow, boolean initLog, Optional<TerminalSize> size) {

        AttachRequest request(String job) {
            int flags = AttachRequest.STDOUT
                    | AttachRequest.STDERR
                    | (stdin ? AttachRequest.STDIN : 0)
                    | (history ? AttachRequest.LOGS : 0)
                    | (follow ? AttachRequest.STREAM : 0)
                    | (initLog ? AttachRequest.INIT : 0);
            return new AttachRequest(
                    job,
                    flags,
                    size.map(TerminalSize::lines).orElse(0),
                    size.map(TerminalSize::columns).orElse(0));
        }
    }

    /** Attaches to a job, also to one that is still to come; nothing was read of the answer yet. */
    public AttachedHostJob attach(String job, Attach what) {
        AttachRequest request = what.request(job);
        try {
            var http = new HostHttp(
                    access,
                    address,
                    PATIENCE,
                    "POST",
                    "/attach",
                    Map.of(
                            "Content-Type", "application/json",
                            "Connection", "upgrade",
                            "Upgrade", AttachFrames.PROTOCOL),
                    json.writeBytes(request));
            if (http.status() != 101) {
                String text = new String(http.body(), StandardCharsets.UTF_8);
                http.close();
                throw failure(http.status(), text);
            }
            http.waitForEver();
            return new AttachedHostJob(http, request);
        } catch (IOException e) {
            throw unreachable(e);
        }
    }
}
