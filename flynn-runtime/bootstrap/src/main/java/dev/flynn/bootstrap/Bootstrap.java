package dev.flynn.bootstrap;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.client.ControllerClient;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;

/**
 * Turns hosts into a cluster by executing a manifest (contract: layer 0, Bootstrap).
 *
 * <p>It may be run as often as one likes: what a step made is kept in the cluster store and not made again, so that an
 * interrupted bootstrap goes on where it was, and one of a healthy cluster changes nothing.
 *
 * <pre>{@code
 * BootstrapResult result = Bootstrap.builder(state, discovery)
 *         .env(System.getenv())
 *         .output(BootstrapOutput.text(System.err, state.clock(), ZoneId.systemDefault()))
 *         .build()
 *         .run();
 * }</pre>
 */
public final class Bootstrap {

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final String CONTROLLER = "controller";

    private final Builder settings;
    private final Manifest manifest;

    private Bootstrap(Builder settings) {
        this.settings = settings;
        this.manifest =
                Manifest.parse(settings.manifest.isEmpty() ? defaultManifest() : settings.manifest, Actions.names());
    }

    public static Builder builder(ClusterState state, Discovery discovery) {
        return new Builder(state, discovery);
    }

    /** The manifest that the platform is shipped with, as an operator may read and change it. */
    public static String defaultManifest() {
        return Manifest.defaultText();
    }

    /**
     * Executes the manifest and returns once every step is done. One call at a time. A step that fails because something cannot be
     * reached now is run again, until it was begun as long ago as anything is waited for.
     *
     * @throws FlynnException a step failed; its code is the failure's, its message names the step. What was done stays
     *     done
     */
    public BootstrapResult run() {
        ExecutorService threads = java.util.concurrent.Executors.newCachedThreadPool(new NamedThreads("bootstrap"));
        try {
            var results = new StepResults(settings.state.store(), settings.state.json());
            Cluster cluster = cluster(results);
            new StepRunner(manifest.steps(), Actions.of(cluster), results, settings.output, threads, settings.patience)
                    .run();
            return result(results);
        } finally {
            Executors.stop(threads, "bootstrap", STOP_PATIENCE);
        }
    }

    private Cluster cluster(StepResults results) {
        var services = new Services(settings.discovery);
        return new Cluster(
                settings.state,
                services,
                results,
                templates(results),
                settings.controller.orElseGet(() -> () -> openController(services, results)),
                settings.env,
                new Cluster.Hosts(
                        settings.minHosts, settings.hostsPatience.orElse(settings.patience), settings.whenOnline),
                settings.patience);
    }

    private Template templates(StepResults results) {
        return new Template(
                settings.env,
                results::find,
                field -> switch (field) {
                    case "Singleton" -> Optional.of(String.valueOf(settings.minHosts == 1));
                    case "MinHosts" -> Optional.of(String.valueOf(settings.minHosts));
                    default -> Optional.empty();
                },
                list -> list.equals("SortedHostIPs") ? Optional.of(sortedHostIps()) : Optional.empty());
    }

    private List<String> sortedHostIps() {
        return settings.state.hosts().list().stream()
                .map(Versioned::value)
                .map(Host::url)
                .map(url -> URI.create(url).getHost())
                .sorted()
                .toList();
    }

    private Controller openController(Services services, StepResults results) throws InterruptedException {
        Instance instance = services.await(CONTROLLER, Deadline.in(settings.patience))
                .orElseThrow(
                        () -> new GaveUp("bootstrap: timed out waiting for an instance of service \"controller\""));
        return new HttpController(ControllerClient.builder("http://" + instance.addr())
                .key(controllerKey(results)
                        .orElseThrow(() -> FlynnException.invalid(
                                "bootstrap: no gen-random step before this one has \"controller_key\": true")))
                .json(settings.state.json())
                .build());
    }

    private Optional<String> controllerKey(StepResults results) {
        return manifest.steps().stream()
                .filter(step -> step.action().equals(GenRandom.NAME)
                        && step.member("controller_key").asBoolean())
                .findFirst()
                .flatMap(step -> results.find(step.id()))
                .map(result -> result.path("data").asText());
    }

    private BootstrapResult result(StepResults results) {
        Optional<JsonNode> certificate = manifest.steps().stream()
                .filter(step -> step.action().equals(GenTlsCert.NAME))
                .findFirst()
                .flatMap(step -> results.find(step.id()));
        Optional<String> clusterAdd = manifest.steps().stream()
                .filter(step -> step.action().equals(LogMessage.NAME))
                .flatMap(step -> results.find(step.id()).stream())
                .flatMap(result -> result.path("message").asText().lines())
                .filter(line -> line.startsWith("flynn cluster add"))
                .findFirst();
        return new BootstrapResult(
                clusterAdd,
                controllerKey(results),
                certificate.map(c -> c.path("pin").asText()),
                certificate.map(c -> c.path("ca_cert").asText()));
    }

    /** Collects what a bootstrap needs. */
    public static final class Builder {

        private final ClusterState state;
        private final Discovery discovery;
        private Map<String, String> env = Map.of();
        private String manifest = "";
        private BootstrapOutput output = BootstrapOutput.silent();
        private int minHosts = 1;
        private Duration patience = Duration.ofMinutes(5);
        private Optional<Duration> hostsPatience = Optional.empty();
        private Consumer<List<Host>> whenOnline = hosts -> {};
        private Optional<Controller.Opener> controller = Optional.empty();

        private Builder(ClusterState state, Discovery discovery) {
            this.state = requireNonNull(state, "state");
            this.discovery = requireNonNull(discovery, "discovery");
        }

        /** What {@code getenv} in the manifest sees; empty unless said. */
        public Builder env(Map<String, String> value) {
            this.env = Map.copyOf(value);
            return this;
        }

        /** The manifest as JSON text; {@link Bootstrap#defaultManifest} unless said. */
        public Builder manifest(String value) {
            this.manifest = requireNonNull(value, "manifest");
            return this;
        }

        /** Who is told how it goes on; nobody unless said. */
        public Builder output(BootstrapOutput value) {
            this.output = requireNonNull(value, "output");
            return this;
        }

        /** How many hosts to wait for: 1, or 3 and more. 1 unless said. */
        public Builder minHosts(int value) {
            this.minHosts = value;
            return this;
        }

        /** How long to wait for the hosts; as for anything else unless said. */
        public Builder hostsPatience(Duration value) {
            this.hostsPatience = Optional.of(value);
            return this;
        }

        /** Is given the hosts once there are enough, each time, before anything is run on them. */
        public Builder whenOnline(Consumer<List<Host>> value) {
            this.whenOnline = requireNonNull(value, "whenOnline");
            return this;
        }

        /** How long to wait for anything that has to happen elsewhere; five minutes unless said. */
        public Builder patience(Duration value) {
            this.patience = requireNonNull(value, "patience");
            return this;
        }

        /** Asks this controller instead of the one that discovery knows. */
        Builder controller(Controller.Opener value) {
            this.controller = Optional.of(value);
            return this;
        }

        /** @throws FlynnException {@code SYNTAX} or {@code VALIDATION} if the manifest or a setting is wrong */
        public Bootstrap build() {
            if (minHosts < 1) {
                throw FlynnException.invalid("min-hosts must be at least 1, was " + minHosts);
            }
            if (minHosts == 2) {
                throw FlynnException.invalid(
                        "the minimum number of hosts for a multi-node cluster is 3, min-hosts=2 is invalid");
            }
            return new Bootstrap(this);
        }
    }
}
