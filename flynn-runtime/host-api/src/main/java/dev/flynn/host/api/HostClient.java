package dev.flynn.host.api;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A client of one host's API. Jobs are told as the wire has them (contract: layer 0, ActiveJob). Thread-safe.
 *
 * <p>Every method throws {@link FlynnException}: what the host says went wrong, or {@code SERVICE_UNAVAILABLE} if it does not
 * answer.
 */
public final class HostClient {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

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

    private static String path(String id) {
        return "/host/jobs/" + URLEncoder.encode(id, StandardCharsets.UTF_8);
    }

    private JsonNode call(String method, String target, byte[] body) {
        try (var http = new HostHttp(
                access, address, PATIENCE, method, target, Map.of("Content-Type", "application/json"), body)) {
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
