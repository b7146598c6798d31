package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wire conformance suite on a cluster, as whoever has the distribution would run it. */
class ConformanceIT {

    @TempDir
    static Path directory;

    private static Cluster cluster;

    @BeforeAll
    static void startCluster() {
        cluster = Cluster.start(directory);
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    private static String suite(String options) {
        String pin = cluster.addLine().split(" ")[4];
        return "flynn-tck --url %s --resolve 127.0.0.1:%d --pin '%s' --key %s %s"
                .formatted(cluster.controllerUrl(), cluster.httpsPort(), pin, cluster.key(), options);
    }

    /** Its exit status; it takes a minute, and several on a busy machine. */
    private static int run(String line) throws InterruptedException {
        Process process = cluster.user().start(line);
        try {
            assertThat(process.waitFor(8, TimeUnit.MINUTES)).as("ends").isTrue();
            return process.exitValue();
        } finally {
            process.destroyForcibly();
        }
    }

    @Test
    void theControllerIsWhatClientsRelyOn() throws Exception {
        Path report = directory.resolve("report");
        int status = run(suite("--profile 2021 >%s 2>&1".formatted(report)));

        assertThat(status).as(Files.readString(report)).isZero();
        assertThat(cluster.user().run("flynn apps")).doesNotContain("tck-");
    }

    @Test
    void anInterruptLeavesNothing() throws Exception {
        int status = run("env --default-signal=INT timeout -s INT 8 "
                + suite("--only 'apps/*,formations/*,*/keep-alive' >/dev/null 2>&1"));

        assertThat(status).isIn(124, 130);
        assertThat(cluster.user().run("flynn apps")).doesNotContain("tck-");
    }
}
