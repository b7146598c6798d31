package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * People use an app while others deploy, scale, change its routes and its certificate, and replace the router: no request fails.
 * {@code script/suite zero-loss} runs it; the property {@code flynn.zeroloss.rounds} says how often all of that happens.
 */
@EnabledIfSystemProperty(named = "flynn.zeroloss.rounds", matches = "\\d+")
class ZeroLossIT {

    private static final int ROUNDS = Integer.getInteger("flynn.zeroloss.rounds", 0);

    @TempDir
    static Path directory;

    @Test
    void nobodyNoticesWhatOperatorsDo() throws Exception {
        try (Cluster cluster = Cluster.start(directory)) {
            Shell app = deploy(cluster);
            app.run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=extra -keyout key -out cert 2>&1");
            List<Visitor> visitors = new ArrayList<>();
            for (String method : List.of("GET", "POST")) {
                visitors.add(Visitor.plain(cluster, "calm", method, true));
                visitors.add(Visitor.plain(cluster, "calm", method, false));
                visitors.add(Visitor.tls(cluster, "calm", method));
            }
            visitors.forEach(Visitor::start);
            try {
                for (int round = 1; round <= ROUNDS; round++) {
                    app.run("flynn env set ROUND=" + round);
                    app.run("flynn scale web=3");
                    app.run("flynn -a router env set ROUND=" + round);
                    String route =
                            app.run("flynn route add http extra.example.org").strip();
                    app.run("flynn route update " + route + " --tls-cert cert --tls-key key");
                    app.run("flynn scale web=2");
                    app.run("flynn route remove " + route);
                }
            } finally {
                visitors.forEach(Visitor::stop);
            }

            visitors.forEach(visitor -> System.out.println("zero-loss: " + visitor));
            assertThat(visitors).allSatisfy(visitor -> {
                assertThat(visitor.failures()).isEmpty();
                assertThat(visitor.count()).isGreaterThan(20);
            });
        }
    }

    private static Shell deploy(Cluster cluster) {
        Path repository = directory.resolve("calm");
        cluster.user().run("git init -q " + repository);
        Shell app = cluster.user().in(repository);
        app.run("cp -r " + Distribution.example("nodejs") + "/. . && git add -A && git commit -qm sample");
        app.run("flynn create calm && git push flynn master && flynn scale web=2");
        Awaitility.await()
                .atMost(Duration.ofSeconds(20))
                .until(() -> app.run("curl -s " + cluster.url("calm")).startsWith("Hello"));
        return app;
    }
}
