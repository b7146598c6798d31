package dev.flynn.distro.jobs;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discoverd.client.DiscoverdClient;
import dev.flynn.distro.cluster.DiscoverdFile;
import dev.flynn.host.api.HostClient;
import dev.flynn.host.api.HostClientAccess;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.json.FlynnJson;
import dev.flynn.state.HostPresence;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How commands find the hosts of the cluster, by discovery, and show them who asks. */
final class HostsOptions {

    private static final FlynnJson JSON = new FlynnJson();
    private static final String DEFAULT_DISCOVERD = "http://127.0.0.1:1111";

    @Option(
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Data directory of this host (default: /var/lib/flynn for root, ~/.local/share/flynn else).")
    private @Nullable Path dataDirectory;

    @Option(
            names = "--key",
            paramLabel = "KEY",
            description = "Key of the cluster, where there is no host's data directory (default: $FLYNN_HOST_KEY).")
    private @Nullable String key;

    @Option(
            names = "--pin",
            paramLabel = "SHA256",
            description = "With --key: fingerprint of the cluster's authority (default: $FLYNN_HOST_PIN).")
    private @Nullable String pin;

    @Option(
            names = "--insecure-host-api",
            description = "Speak plain HTTP, with hosts that were started with this option.")
    private boolean insecure;

    /** All hosts, by id. */
    List<HostClient> all() {
        List<Instance> hosts = instances();
        if (hosts.isEmpty()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "no hosts found");
        }
        HostClientAccess access = access();
        return hosts.stream()
                .map(host -> new HostClient(HostPresence.hostId(host).orElse(""), host.addr(), access, JSON))
                .filter(host -> !host.hostId().isEmpty())
                .sorted(Comparator.comparing(HostClient::hostId))
                .toList();
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND} if no such host is registered */
    HostClient host(String id) {
        return all().stream()
                .filter(host -> host.hostId().equals(id))
                .findFirst()
                .orElseThrow(() ->
                        new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "cluster: unknown host \"%s\"".formatted(id)));
    }

    /** The host that a job belongs to. */
    HostClient hostOf(String jobId) {
        return host(hostId(jobId));
    }

    /** @throws FlynnException {@code VALIDATION} if it is no job's id */
    static String hostId(String jobId) {
        int dash = jobId.indexOf('-');
        if (dash < 1 || dash == jobId.length() - 1) {
            throw FlynnException.invalid("invalid ID");
        }
        return jobId.substring(0, dash);
    }

    private List<Instance> instances() {
        String discoverd = discoverd();
        try (var client = DiscoverdClient.of(Map.of("DISCOVERD", discoverd))) {
            return client.instances(HostPresence.SERVICE);
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.OBJECT_NOT_FOUND) {
                return List.of();
            }
            throw FlynnException.unavailable(
                    "cannot ask %s which hosts there are: %s; is this host's daemon running? else set DISCOVERD"
                            .formatted(discoverd, e.getMessage()),
                    e);
        }
    }

    private String discoverd() {
        String fromEnvironment = variable("DISCOVERD");
        return fromEnvironment.isEmpty()
                ? DiscoverdFile.read(dataDirectory()).orElse(DEFAULT_DISCOVERD)
                : fromEnvironment;
    }

    private HostClientAccess access() {
        if (insecure) {
            return HostClientAccess.open();
        }
        String password = key != null ? key : variable("FLYNN_HOST_KEY");
        if (!password.isEmpty()) {
            return HostClientAccess.ofKey(password, requiredPin());
        }
        Path identity = dataDirectory().resolve("identity");
        if (!Files.isDirectory(identity)) {
            throw FlynnException.unavailable(
                    "%s holds no identity of a host: run this on a host as the user of its daemon, give its --data-dir, or give --key and --pin"
                            .formatted(dataDirectory()),
                    null);
        }
        var files = new IdentityFiles(identity);
        Clock clock = Clock.systemUTC();
        HostIdentity host = files.load(clock.instant())
                .orElseThrow(() -> FlynnException.unavailable(
                        "this host belongs to no cluster yet: start its daemon first", null));
        return HostClientAccess.ofHost(new HostCredentials(host, new RemovedHosts(files), clock));
    }

    private String requiredPin() {
        String given = pin != null ? pin : variable("FLYNN_HOST_PIN");
        if (given.isEmpty()) {
            throw FlynnException.invalid(
                    "--key needs --pin, the fingerprint of the cluster's authority, so that the key is sent to nobody else: on a host, 'openssl x509 -noout -fingerprint -sha256 -in identity/authority.pem' in the data directory prints it");
        }
        return given;
    }

    Path dataDirectory() {
        if (dataDirectory != null) {
            return dataDirectory;
        }
        return "root".equals(System.getProperty("user.name"))
                ? Path.of("/var/lib/flynn")
                : Path.of(System.getProperty("user.home"), ".local", "share", "flynn");
    }

    private static String variable(String name) {
        String value = System.getenv(name);
        return value == null ? "" : value;
    }
}
