package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wire conformance suite on a cluster, as whoever has the distribution would run it. */
class ConformanceIT {

    /** What this platform does not have yet, and says so. */
    private static final String NOT_YET =
            "cluster/backup/*,cluster/domain/*,jobs/put/*,jobs/attach/lines,routes/create/tcp*,routes/list/newest-first";

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
        return "flynn-tck --url %s --resolve 127.0.0.1:%d --pin '%s' --key %s --skip '%s' %s"
                .formatted(cluster.controllerUrl(), cluster.httpsPort(), pin, cluster.key(), NOT_YET, options);
    }

    @Test
    void theControllerIsWhatClientsRelyOn() {
        Shell.Result result = cluster.user().attempt(suite("--profile 2021"));

        assertThat(result.status()).as("%s", result).isZero();
        assertThat(cluster.user().run("flynn apps")).doesNotContain("tck-");
    }

    @Test
    void anInterruptLeavesNothing() {
        Shell.Result result = cluster.user()
                .attempt("env --default-signal=INT timeout -s INT 8 "
                        + suite("--only 'apps/*,formations/*,*/keep-alive'"));

        assertThat(result.status()).as("%s", result).isIn(124, 130);
        assertThat(cluster.user().run("flynn apps")).doesNotContain("tck-");
    }
}
