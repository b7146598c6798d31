package dev.flynn.link.proof;

import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.IdentityFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/** One cluster of three hosts, from its founding through its troubles to the moment at which everybody has seen everything. */
final class ClusterRun implements AutoCloseable {

    private static final List<String> NAMES = List.of("host1", "host2", "host3");
    private static final int PATIENCE_SECONDS = 60;

    private final long seed;
    private final List<Trouble> troubles;
    private final HostPlan settings;
    private final Machines machines = new Machines(NAMES);
    private final List<Host> hosts = new ArrayList<>();

    /** @param sabotaged see {@link HostPlan} */
    ClusterRun(Path directory, long seed, int seconds, boolean sabotaged) {
        this.seed = seed;
        this.troubles = Trouble.schedule(seed, seconds, NAMES.size());
        var random = new SplittableRandom(~seed);
        Map<String, String> addresses = new LinkedHashMap<>();
        NAMES.forEach(name -> addresses.put(name, machines.address(name)));
        this.settings = new HostPlan(
                "",
                directory,
                addresses,
                1,
                0,
                seed,
                Duration.ofMillis(sabotaged ? 1000 : List.of(500, 1000, 2000).get(random.nextInt(3))),
                Duration.ofMillis(List.of(1000, 3000, 10_000).get(random.nextInt(3))),
                List.of(200L, 2000L, 50_000L).get(random.nextInt(3)),
                sabotaged);
        ClusterAuthority authority = ClusterAuthority.create(Instant.now());
        for (String name : NAMES) {
            Path home = directory.resolve(name);
            new IdentityFiles(home.resolve("identity")).save(authority.identify(name, Instant.now()));
            hosts.add(new Host(machines, settings.of(name, home), directory.resolve(name + ".log")));
        }
    }

    /** By which it can be repeated, as far as that goes with real processes. */
    String describe() {
        return "seed %d, time to live %s, patience %s, snapshot every %d: %s"
                .formatted(
                        seed,
                        settings.ttl(),
                        settings.patience(),
                        settings.snapshotEvery(),
                        Trouble.describe(troubles));
    }

    /** Returns everything that was told. */
    List<Line> run() throws InterruptedException {
        hosts.forEach(Host::start);
        awaitAll("ready");
        for (Trouble trouble : troubles) {
            make(trouble);
        }
        awaitAll("ready");
        tellAll("finish", "finished");
        hosts.get(0).tell("mark");
        require(hosts.get(0), "marked");
        tellAll("settle", "settled");
        for (Host host : hosts) {
            host.kill();
        }
        return lines();
    }

    /** What was told until now. */
    List<Line> lines() {
        return hosts.stream().flatMap(host -> host.lines().stream()).toList();
    }

    private void make(Trouble trouble) throws InterruptedException {
        Host host = switch (trouble.victim()) {
            case STORE_LEADER -> hosts.stream().filter(Host::leads).findFirst().orElse(hosts.get(trouble.host()));
            case SERVICE_LEADER -> Collections.max(hosts, Comparator.comparingLong(Host::ledServiceUntil));
            case HOST -> hosts.get(trouble.host());
        };
        begin(trouble, host);
        sleep(trouble.millis());
        host.start();
        host.resume();
        machines.heal(host.id());
        sleep(trouble.quietMillis());
    }

    private void begin(Trouble trouble, Host host) throws InterruptedException {
        String name = host.id();
        switch (trouble.kind()) {
            case KILL -> host.kill();
            case PAUSE -> host.pause();
            case CUT -> {
                machines.drop(name, "INPUT");
                machines.drop(name, "OUTPUT");
            }
            case MUTE -> machines.drop(name, "OUTPUT");
            case DEAFEN -> machines.drop(name, "INPUT");
            case PART -> {
                Host other = hosts.get((hosts.indexOf(host) + 1 + trouble.host() % 2) % hosts.size());
                machines.drop(name, "INPUT", "-s", machines.address(other.id()));
                machines.drop(name, "OUTPUT", "-d", machines.address(other.id()));
            }
            case QUIET -> {}
        }
    }

    private void tellAll(String command, String answer) throws InterruptedException {
        hosts.forEach(host -> host.tell(command));
        awaitAll(answer);
    }

    private void awaitAll(String kind) throws InterruptedException {
        for (Host host : hosts) {
            require(host, kind);
        }
    }

    private static void require(Host host, String kind) throws InterruptedException {
        if (!host.await(kind, PATIENCE_SECONDS)) {
            throw new IllegalStateException("%s is not \"%s\" after %d s".formatted(host.id(), kind, PATIENCE_SECONDS));
        }
    }

    private static void sleep(int millis) {
        LockSupport.parkNanos(millis * 1_000_000L);
    }

    @Override
    public void close() throws InterruptedException {
        for (Host host : hosts) {
            host.close();
        }
        machines.close();
    }
}
