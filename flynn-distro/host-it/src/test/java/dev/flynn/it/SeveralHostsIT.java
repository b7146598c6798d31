package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of three hosts that die, one by one and all at once. */
class SeveralHostsIT {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String APP = "survivor";

    @TempDir
    Path directory;

    @Test
    void whatIsAcknowledgedSurvivesTheDeathOfAllHostsAndTheLossOfOne() throws Exception {
        int rounds = Integer.getInteger("flynn.rounds", 1);
        long seed = Long.getLong("flynn.seed", System.nanoTime());
        System.out.println("seed of the cold starts: " + seed);
        var random = new Random(seed);
        try (ManyHosts hosts = ManyHosts.start(directory, 3)) {
            Shell app = deploy(hosts.through(0));
            for (int round = 1; round <= rounds; round++) {
                String color = "color-" + round;
                app.run("flynn env set COLOR=" + color);

                ManyHosts.Host missing = coldStartWithoutOne(hosts, random);

                for (ManyHosts.Host host : hosts.hosts()) {
                    if (host != missing) {
                        awaitHello(host);
                    }
                }
                missing.start();
                missing.awaitReady();
                awaitHello(missing);
                assertThat(app.run("flynn env get COLOR")).isEqualTo(color + "\n");
                assertThat(app.run("flynn route")).contains(APP);
                await().atMost(PATIENCE).until(() -> jobs(app) == 3);
            }
        }
    }

    private static ManyHosts.Host coldStartWithoutOne(ManyHosts hosts, Random random) throws InterruptedException {
        hosts.hosts().forEach(ManyHosts.Host::kill);
        List<ManyHosts.Host> order = new ArrayList<>(hosts.hosts());
        Collections.shuffle(order, random);
        ManyHosts.Host missing = order.remove(0);
        for (ManyHosts.Host host : order) {
            host.start();
            TimeUnit.MILLISECONDS.sleep(random.nextInt(3_000));
        }
        return missing;
    }

    @Test
    void theJobsOfADeadHostRunElsewhere() throws Exception {
        try (ManyHosts hosts = ManyHosts.start(directory, 3)) {
            Shell app = deploy(hosts.through(0));

            hosts.host(2).kill();

            await("three jobs run on two hosts").atMost(PATIENCE).until(() -> {
                String table = app.run("flynn ps");
                return jobs(app) == 3 && !table.contains("host3-");
            });
            awaitHello(hosts.host(0));
            awaitHello(hosts.host(1));

            hosts.host(2).start();
            hosts.host(2).awaitReady();
            awaitHello(hosts.host(2));
            assertThat(jobs(app)).isEqualTo(3);
        }
    }

    private static Shell deploy(Cluster cluster) {
        Shell user = cluster.user();
        user.run("cp -r %s %s".formatted(Distribution.example("nodejs"), APP));
        Shell app = user.in(user.directory().resolve(APP));
        app.run("git init -q && git add -A && git commit -qm first && flynn create " + APP);
        app.run("git push flynn master");
        app.run("flynn scale web=3");
        return app;
    }

    private static long jobs(Shell app) {
        return app.run("flynn ps")
                .lines()
                .filter(line -> line.contains("  web  "))
                .count();
    }

    private static void awaitHello(ManyHosts.Host host) {
        await("the app answers through " + host.id())
                .atMost(PATIENCE)
                .until(() -> host.shell()
                        .attempt("curl -s -m 5 http://%s.%s:%d".formatted(APP, Cluster.DOMAIN, host.httpPort()))
                        .out()
                        .startsWith("Hello"));
    }
}
