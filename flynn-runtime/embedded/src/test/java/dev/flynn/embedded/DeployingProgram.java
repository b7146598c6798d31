package dev.flynn.embedded;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.Service;
import dev.flynn.controller.AppCatalog.NewApp;
import dev.flynn.controller.ReleaseCatalog.NewArtifact;
import dev.flynn.controller.ReleaseCatalog.NewRelease;
import dev.flynn.spi.builtin.BuiltinJob;
import dev.flynn.spi.builtin.BuiltinProgram;
import dev.flynn.store.RatisClusterStore;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A program of its own with a cluster in it that outlives it on disk: deploys an app, or goes on where its killed predecessor
 * was, and prints in the end what is to be seen of it. On the way it prints {@code reached <phase>} at the first of the phases
 * that it is told, waits to be killed there, and lets nothing more be committed.
 */
final class DeployingProgram {

    static final String REACHED = "reached ";

    private static final String APP = "ledger";
    private static final String SERVICE = "ledger-web";
    private static final Map<String, Integer> SCALE = Map.of("web", 2, "clock", 1);

    private final Flynn flynn;

    private DeployingProgram(Flynn flynn) {
        this.flynn = flynn;
    }

    /** @param args directory, strategy, what jobs of the new release do ({@code work} or {@code exit}), phases */
    public static void main(String[] args) {
        Set<String> phases = Arrays.stream(args).skip(3).collect(Collectors.toSet());
        try (var store = RatisClusterStore.builder(Path.of(args[0])).build();
                Flynn flynn = Flynn.builder()
                        .store(new StopsAtPhase(store, phases))
                        .program(new Listens())
                        .build()) {
            var program = new DeployingProgram(flynn);
            Deployment deployment =
                    program.known().orElseGet(() -> program.begin(Strategy.ofWireName(args[1]), args[2]));
            program.facts(deployment).forEach(System.out::println);
        }
    }

    private Optional<Deployment> known() {
        return flynn.apps().list().stream()
                .flatMap(app -> flynn.deployments().of(app.id()).stream())
                .findFirst();
    }

    private Deployment begin(Strategy strategy, String behaviour) {
        AppId app = flynn.apps()
                .create(NewApp.named(APP)
                        .withStrategy(strategy)
                        .withMeta(Map.of("flynn-deploy-canary-weight", "50", "flynn-deploy-canary-hold", "1")))
                .id();
        Release old = release("work");
        flynn.apps().setRelease(APP, old.id().toString());
        flynn.formations().scale(APP, old.id(), SCALE);
        Awaitility.await("the old jobs serve")
                .until(() -> up(app, old.id()).equals(SCALE)
                        && flynn.discovery().instances(SERVICE).size() == SCALE.get("web"));
        return flynn.deployments().create(APP, release(behaviour).id().toString());
    }

    private Release release(String behaviour) {
        Artifact artifact = flynn.releases().createArtifact(NewArtifact.of(Artifact.BUILTIN, "builtin:listens"));
        ProcessType clock = ProcessType.ofCommand(List.of(behaviour));
        ProcessType web = clock.withPorts(
                List.of(new Port(0, "tcp", Optional.of(new Service(SERVICE, true, Optional.empty())))),
                Optional.of(SERVICE));
        return flynn.releases().create(NewRelease.of(artifact.id(), Map.of("web", web, "clock", clock)));
    }

    /** What is the same whoever is killed on the way, once the deployment is over and its jobs run. */
    private List<String> facts(Deployment begun) {
        String id = begun.id().toString();
        Awaitility.await("the deployment ends").atMost(Duration.ofSeconds(60)).until(() -> {
            DeploymentStatus status = flynn.deployments().get(id).status();
            return status == DeploymentStatus.COMPLETE || status == DeploymentStatus.FAILED;
        });
        Deployment deployment = flynn.deployments().get(id);
        ReleaseId current = flynn.apps().release(APP).id();
        Awaitility.await("exactly the wanted jobs run").until(() -> {
            Set<ReleaseId> releases = flynn.jobs().of(deployment.app()).stream()
                    .filter(job -> job.state().isLive())
                    .map(job -> job.release())
                    .collect(Collectors.toSet());
            return releases.equals(Set.of(current))
                    && up(deployment.app(), current).equals(SCALE);
        });
        Stream<String> told = flynn.controller().state().events().history().events().stream()
                .filter(event -> event.objectType().equals(EventType.DEPLOYMENT.wireName()))
                .map(event -> "told " + event.data());
        Stream<String> left = Stream.of(
                "deployment " + deployment.status(),
                "current " + current,
                "wanted "
                        + flynn.formations().of(deployment.app()).stream()
                                .filter(formation -> !formation.processes().isEmpty())
                                .map(formation -> formation.release() + " " + new TreeMap<>(formation.processes()))
                                .toList(),
                "runs kept "
                        + flynn.controller()
                                .state()
                                .store()
                                .list("deployment-runs/")
                                .entries()
                                .size());
        return Stream.concat(told, left).map(fact -> named(fact, deployment)).toList();
    }

    private static String named(String fact, Deployment deployment) {
        return fact.replace(deployment.newRelease().toString(), "new")
                .replace(deployment.oldRelease().orElseThrow().toString(), "old")
                .replaceAll(
                        "host.?-[0-9a-f-]{36}|embedded-[0-9a-f-]{36}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "id");
    }

    private Map<String, Integer> up(AppId app, ReleaseId release) {
        return flynn.jobs().of(app).stream()
                .filter(job -> job.state() == JobState.UP && job.release().equals(release))
                .collect(Collectors.toMap(job -> job.type().orElseThrow(), job -> 1, Integer::sum));
    }

    /** Listens where it is told to, if it is, and stays; or ends at once. */
    private static final class Listens implements BuiltinProgram {

        @Override
        public String name() {
            return "listens";
        }

        @Override
        public AutoCloseable start(BuiltinJob job) throws IOException {
            if (job.spec().cmd().contains("exit")) {
                throw new IOException("told to exit");
            }
            String port = job.env().get("PORT");
            if (port == null) {
                return () -> {};
            }
            return new ServerSocket(Integer.parseInt(port), 50, InetAddress.getByName("127.0.0.1"));
        }
    }
}
