package dev.flynn.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A host's API and the commands that use it, on a cluster of one host. */
class HostApiIT {

    @TempDir
    static Path directory;

    private static OneHost host;
    private static Shell shell;

    @BeforeAll
    static void startCluster() {
        host = hasIpv6() ? OneHost.start(directory, "--router-ip", "::") : OneHost.start(directory);
        Path found = host.dataDirectory().resolve("discoverd-url");
        await("the API serves").atMost(Duration.ofSeconds(60)).until(() -> Files.exists(found));
        shell = Shell.at(host.home());
    }

    @AfterAll
    static void stopCluster() {
        host.close();
    }

    private static boolean hasIpv6() {
        return Files.exists(Path.of("/proc/net/if_inet6"));
    }

    /** A command of flynn-host that knows where the host's data are. */
    private static String command(String name, String rest) {
        return "flynn-host %s --data-dir %s %s".formatted(name, host.dataDirectory(), rest);
    }

    private static String key() {
        String[] words = host.addLine().split(" ");
        return words[words.length - 1];
    }

    /** The address that the host is registered with. */
    private static String url() {
        return "https://"
                + shell.run(
                                "curl -sf $(cat %s)/services/flynn-host/instances | sed 's/.*\"addr\":\"\\([^\"]*\\)\".*/\\1/'"
                                        .formatted(host.dataDirectory().resolve("discoverd-url")))
                        .strip();
    }

    private static String hostId() {
        return shell.run("cat " + host.dataDirectory().resolve("host-id")).strip();
    }

    @Test
    void thePlatformsOwnJobsAreListedAndShown() {
        String jobs = shell.run(command("ps", ""));
        assertThat(jobs.lines().findFirst())
                .hasValueSatisfying(
                        title -> assertThat(title).matches("ID +STATE +STARTED +CONTROLLER APP +CONTROLLER TYPE"));
        assertThat(jobs).containsPattern("running .* controller +web").contains("router", "blobstore");

        String ids = shell.run(
                command(
                        "ps",
                        "-q -f '{{.Job.ID}} {{metadata \"flynn-controller.app_name\"}} {{metadata \"flynn-controller.type\"}}'"));
        String controller = ids.lines()
                .filter(line -> line.endsWith(" controller web"))
                .map(line -> line.split(" ")[0])
                .findFirst()
                .orElseThrow();
        assertThat(shell.run(command("inspect", "--omit-env " + controller)))
                .contains("running", "flynn-controller.app_name")
                .doesNotContain("ENV[");
        assertThat(shell.attempt(command("inspect", hostId() + "-unknown")).err())
                .contains("no such job");
    }

    @Test
    void runGivesAPipeOrATerminalAndTheExitStatus() {
        assertThat(shell.attempt(command("run", "host:slugrunner /bin/sh -c 'echo hi; echo no >&2; exit 7'")))
                .satisfies(result -> {
                    assertThat(result.status()).isEqualTo(7);
                    assertThat(result.out()).isEqualTo("hi\n");
                    assertThat(result.err()).isEqualTo("no\n");
                });
        assertThat(shell.run("echo through | " + command("run", "host:slugrunner cat")))
                .isEqualTo("through\n");
        Shell.Result terminal = shell.attempt(
                "script -qec \"stty cols 101 rows 33; %s\" /dev/null"
                        .formatted(command("run", "host:slugrunner /bin/bash")),
                "stty size; echo $((6*7)); exit 5\n");
        assertThat(terminal.out()).contains("33 101", "42");
        assertThat(terminal.status()).isEqualTo(5);
    }

    @Test
    void aJobThatIsAskedForByHttpIsFollowedSignalledAndStopped() {
        String id = hostId() + "-" + UUID.randomUUID();
        String job =
                "{\"artifact\":{\"type\":\"host\",\"url\":\"host:slugrunner\"},\"metadata\":{\"flynn-controller.app\":\"%s\"},\"config\":{\"entry_point\":[\"/bin/sh\",\"-c\"],\"cmd\":[\"trap 'echo caught' USR1; echo started; while true; do sleep 0.1; done\"]}}"
                        .formatted(UUID.randomUUID());
        String put = "curl -sk -X PUT -H 'Content-Type: application/json' --data-binary @- -u :%s %s/host/jobs/%s"
                .formatted(key(), url(), id);
        assertThat(shell.attempt(put, job).out()).isEqualTo("{}");
        await("it is listed")
                .atMost(Duration.ofSeconds(30))
                .until(() -> shell.run(command("ps", "")).contains(id));
        await("its output")
                .atMost(Duration.ofSeconds(30))
                .until(() -> shell.run(command("log", id)).equals("started\n"));
        assertThat(shell.run(command("signal", id + " 10"))).isEqualTo("sent signal 10 to " + id + " successfully\n");
        await("it was caught")
                .atMost(Duration.ofSeconds(30))
                .until(() -> shell.run(command("log", "--lines 1 " + id)).equals("caught\n"));
        assertThat(shell.run(command("stop", id))).isEqualTo(id + " stopped\n");
        assertThat(shell.run(command("ps", ""))).doesNotContain(id);
        assertThat(shell.run(command("ps", "-a"))).containsPattern(id + " +done");
        assertThat(shell.attempt(command("stop", id)).err()).contains("could not stop all jobs");
    }

    @Test
    void theRouterServesIpv6AndIpv4() {
        assumeTrue(hasIpv6(), "this machine has no IPv6");
        String name = "controller." + Cluster.DOMAIN + ":" + host.httpPort();
        for (String ip : List.of("127.0.0.1", "[::1]")) {
            assertThat(shell.run("curl -s -o /dev/null -w '%%{http_code}' --resolve %s:%s http://%s/"
                            .formatted(name, ip, name)))
                    .as(ip)
                    .isEqualTo("401");
        }
    }

    @Test
    void nobodyIsServedWithoutAKey() {
        String status = "curl -sk -o /dev/null -w '%{http_code}' ";
        assertThat(shell.run(status + url() + "/host/jobs")).isEqualTo("401");
        assertThat(shell.run(status + "-u :wrong " + url() + "/host/jobs")).isEqualTo("401");
        assertThat(shell.run(status + "-u :" + key() + " " + url() + "/host/status"))
                .isEqualTo("200");
        assertThat(shell.attempt("curl -s " + url().replace("https", "http") + "/host/jobs")
                        .out())
                .isEmpty();
    }

    @Test
    void theKeyAndThePinOfTheAuthorityDoWhereThereIsNoHost() {
        String pin = shell.run("openssl x509 -noout -fingerprint -sha256 -in %s | cut -d= -f2"
                        .formatted(host.dataDirectory().resolve("identity/authority.pem")))
                .strip();
        String discoverd = shell.run("cat " + host.dataDirectory().resolve("discoverd-url"))
                .strip();
        Shell elsewhere = shell.with("DISCOVERD", discoverd).with("FLYNN_HOST_KEY", key());
        assertThat(elsewhere.with("FLYNN_HOST_PIN", pin).run("flynn-host ps -q"))
                .isNotEmpty();
        assertThat(elsewhere
                        .with("FLYNN_HOST_PIN", "0".repeat(64))
                        .attempt("flynn-host ps -q")
                        .err())
                .contains("not of the cluster of the pin");
    }

    @Test
    void debugInformationHasNoSecretsInIt() {
        String said = shell.run(command("collect-debug-info", ""));
        String archive = said.lines()
                .filter(line -> line.contains("path="))
                .map(line -> line.replaceAll(".*path=([^\"]*).*", "$1"))
                .findFirst()
                .orElseThrow();
        try {
            assertThat(shell.run("tar -tzf " + archive).lines())
                    .contains("0-debug-output.log", "1-jobs.log", "flynn-host.log")
                    .anyMatch(name -> name.startsWith("controller-web-"));
            assertThat(shell.attempt("tar -xzOf %s | grep -c %s".formatted(archive, key()))
                            .out()
                            .strip())
                    .isEqualTo("0");
        } finally {
            shell.run("rm -r $(dirname %s)".formatted(archive));
        }
    }
}
