package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator meets when flynn-host dies, is started twice, or runs out of room. */
class CrashIT {

    @TempDir
    Path directory;

    @Test
    void afterAKillEverythingThatWasAcknowledgedComesBack() {
        try (OneHost cluster = OneHost.start(directory)) {
            Shell app = deployed(cluster, "survivor");
            app.run("flynn scale web=2");
            app.run("flynn env set COLOR=blue");
            app.run("flynn route add http example.com");
            String logBefore = app.run("flynn log -t web -r");

            cluster.kill();
            assertThat(app.attempt("pgrep -f " + cluster.dataDirectory() + "/jobs")
                            .out())
                    .as("processes of jobs that outlived their platform")
                    .isEmpty();
            cluster.up();

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> app.run("curl -s " + cluster.url("survivor")).startsWith("Hello"));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> app.run("flynn ps")
                                    .lines()
                                    .filter(line -> line.contains(" web "))
                                    .count()
                            == 2);
            assertThat(app.run("flynn env get COLOR")).isEqualTo("blue\n");
            assertThat(app.run("flynn route")).contains("example.com");
            assertThat(app.run("flynn log -t web -r"))
                    .contains(logBefore.lines().toList());
        }
    }

    @Test
    void killedWhileItIsSetUpItGoesOnWhereItWas() throws Exception {
        for (int millis : new int[] {900, 2300}) {
            Path place = directory.resolve("after-" + millis);
            var first = OneHost.begin(place);
            TimeUnit.MILLISECONDS.sleep(millis);
            first.kill();

            first.up();
            try (OneHost cluster = first) {
                cluster.user().run(cluster.addLine());
                assertThat(cluster.user().run("flynn apps"))
                        .contains("controller", "router", "gitreceive", "blobstore");
                assertThat(cluster.user().run("flynn apps").lines().filter(line -> line.endsWith(" router")))
                        .hasSize(1);
            }
        }
    }

    @Test
    void whatIsInUseIsRefusedByTheNameOfItsHolder() {
        try (OneHost cluster = OneHost.start(directory)) {
            Shell.Result sameDirectory = cluster.user()
                    .attempt("flynn-host up --http-port 0 --https-port 0 --data-dir " + cluster.dataDirectory());
            Shell.Result samePort = cluster.user()
                    .attempt("flynn-host up --https-port 0 --http-port " + cluster.httpPort() + " --data-dir "
                            + directory.resolve("other"));

            assertThat(sameDirectory.status()).isEqualTo(1);
            assertThat(sameDirectory.err()).contains("is in use by flynn-host with process id " + cluster.pid());
            assertThat(samePort.status()).isEqualTo(1);
            assertThat(samePort.err())
                    .contains("port " + cluster.httpPort() + " cannot be used: it is held by java (process id "
                            + cluster.pid() + ")");
        }
    }

    @Test
    void anInterruptEndsItAndLeavesNothing() {
        OneHost cluster = OneHost.start(directory);
        deployed(cluster, "leaver");

        int status = cluster.interrupt();

        assertThat(status).isIn(0, 130);
        assertThat(cluster.output()).endsWith("flynn-host: stopped\n");
        assertThat(cluster.user().attempt("pgrep -f " + cluster.dataDirectory()).out())
                .isEmpty();
    }

    @Test
    void whenTheDiskIsUsedUpPushesAreRefusedAndWhatRunsGoesOn() {
        try (OneHost cluster = OneHost.start(directory)) {
            Shell app = deployed(cluster, "tight");
            cluster.interrupt();
            cluster.withVariable("DISK_RESERVE_BYTES", String.valueOf(Long.MAX_VALUE));
            cluster.up();
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> app.run("curl -s " + cluster.url("tight")).startsWith("Hello"));
            app.run("git commit -q --allow-empty -m more");

            Shell.Result push = app.attempt("git push flynn master");
            Shell.Result set = app.attempt("flynn env set A=b");

            assertThat(push.status()).as("%s", push).isNotZero();
            assertThat(push.err()).contains("reserved for the platform");
            assertThat(set.status()).as("%s", set).isNotZero();
            assertThat(set.err()).contains("reserved for the platform");
            assertThat(app.run("curl -s " + cluster.url("tight"))).startsWith("Hello");
        }
    }

    private static Shell deployed(OneHost cluster, String name) {
        Path repository = cluster.home().resolve(name);
        cluster.user().run("git init -q " + repository);
        Shell app = cluster.user().in(repository);
        app.run("cp -r " + Distribution.example("nodejs") + "/. . && git add -A && git commit -qm sample");
        app.run("flynn create " + name + " && git push -q flynn master");
        return app;
    }
}
