package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Moving a cluster to another domain, and where its logs go. */
class ClusterCommandsTest {

    private static final String EVENTS = "GET /events?object_types=domain_migration";
    private static final String SINK = "{\"id\":\"c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e\",\"kind\":\"syslog\","
            + "\"host_managed\":false,\"config\":{\"url\":\"syslog://logs:514\",\"format\":\"newline\"},"
            + "\"created_at\":\"2015-12-14T09:13:01Z\",\"updated_at\":\"2015-12-14T09:13:01Z\"}";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory);
        cli.answer(
                        "GET /apps/controller/release",
                        "{\"id\":\"77e0b1f4-4a53-4a5e-8f8c-2b80a4cf0a6e\",\"env\":{\"DEFAULT_ROUTE_DOMAIN\":"
                                + "\"old.test\"},\"processes\":{},\"created_at\":\"2015-12-14T09:13:01Z\"}")
                .answer("PUT /domain", migration(""))
                .answer("GET /ca-cert", "the old authority");
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String migration(String rest) {
        return "{\"id\":\"m1\",\"old_domain\":\"old.test\",\"domain\":\"new.test\"" + rest + "}";
    }

    private static String event(int id, String migration, String error) {
        return ("data: {\"id\":%d,\"object_type\":\"domain_migration\",\"object_id\":\"m1\",\"data\":{"
                        + "\"domain_migration\":%s,\"error\":\"%s\"},\"created_at\":\"2015-12-14T09:30:11Z\"}\n\n")
                .formatted(id, migration, error);
    }

    private static final String FINISHED = migration(",\"tls_cert\":{\"ca_cert\":\"the authority\",\"cert\":\"c\","
            + "\"pin\":\"bmV3\"},\"finished_at\":\"2015-12-14T09:30:12Z\"");

    @Test
    void aMoveIsWaitedForAndTheSettingsFollow() throws Exception {
        cli.write(ClusterList.EMPTY.with(
                new Cluster("test", "key", "", cli.controllerUrl(), "https://git.old.test:8443")));
        Path authority = directory.resolve("home/.flynn/ca-certs/test.pem");
        Files.createDirectories(authority.getParent());
        Files.writeString(authority, "the old authority");
        cli.git("config", "--global", "http.https://git.old.test:8443.sslCAInfo", authority.toString());
        cli.answer(EVENTS, event(1, migration(""), "the router does not answer") + event(2, FINISHED, ""));

        assertThat(cli.typing("yes\n").run("cluster", "migrate-domain", "new.test"))
                .isEqualTo(new Cli.Result(
                        0,
                        "Migrate cluster domain from \"old.test\" to \"new.test\"? (yes/no): "
                                + "Migrating cluster domain (this can take up to 2m0s)...\n"
                                + "Changed cluster domain from \"old.test\" to \"new.test\"\n"
                                + "Updated local CLI configuration\n",
                        "the router does not answer\n"));

        assertThat(cli.requests())
                .containsSubsequence(EVENTS, "PUT /domain {\"domain\":\"new.test\",\"old_domain\":\"old.test\"}");
        assertThat(new ClusterFile(cli.clusterFile()).read().clusters())
                .containsExactly(new Cluster("test", "key", "bmV3", cli.controllerUrl(), "https://git.new.test:8443"));
        assertThat(authority).hasContent("the authority");
        assertThat(cli.git("config", "--global", "--list"))
                .contains("http.https://git.new.test:8443.sslcainfo=" + authority)
                .contains("credential.https://git.new.test:8443.helper=")
                .doesNotContain("old.test");
    }

    @Test
    void noMovesNothing() {
        cli.withCluster();

        Cli.Result result = cli.typing("no\n").run("cluster", "migrate-domain", "new.test");

        assertThat(result.status()).isZero();
        assertThat(result.out()).endsWith("(yes/no): Aborted\n");
        assertThat(cli.requests()).containsExactly("GET /apps/controller/release");
    }

    @Test
    void addressesBelowTheOldDomainMoveWithTheirPorts() {
        var cluster = new Cluster(
                "a", "k", "old", "https://controller.old.test:8443", "https://git.old.test", "", "https://x.test", "");

        assertThat(DomainMove.moved(cluster, "old.test", "new.example.org", "new"))
                .isEqualTo(new Cluster(
                        "a",
                        "k",
                        "new",
                        "https://controller.new.example.org:8443",
                        "https://git.new.example.org",
                        "",
                        "https://x.test",
                        ""));
        assertThat(DomainMove.moved(cluster, "ld.test", "new.example.org", "")).isEqualTo(cluster);
    }

    @Test
    void logSinksAreListedAddedAndRemoved() {
        cli.withCluster()
                .answer("GET /sinks", "[" + SINK + "]")
                .answer("POST /sinks", SINK)
                .answer("DELETE /sinks/c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e", SINK);

        assertThat(cli.run("cluster", "log-sink").out().lines())
                .containsExactly(
                        "ID                                    KIND    CONFIG",
                        "c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e  syslog  "
                                + "{\"url\":\"syslog://logs:514\",\"format\":\"newline\"}");
        assertThat(cli.run("cluster", "log-sink", "add", "syslog", "--format", "newline", "syslog://logs:514"))
                .isEqualTo(new Cli.Result(0, "", "Created sink c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e.\n"));
        assertThat(cli.bodies("POST /sinks"))
                .containsExactly(
                        "{\"config\":{\"url\":\"syslog://logs:514\",\"format\":\"newline\"},\"kind\":\"syslog\"}");
        assertThat(cli.run("cluster", "log-sink", "remove", "c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e")
                        .err())
                .isEqualTo("Deleted sink c1a7d0a3-0b63-4c4d-9a58-5f3c3f0c2f1e.\n");
        assertThat(cli.run("cluster", "log-sink", "add", "logplex", "x").out()).startsWith("usage: flynn cluster");
    }

    @Test
    void theAuthorityOfCertificatesIsSetAndShown() {
        String status =
                "{\"settings\":{\"directory\":\"https://ca.test/dir\",\"email\":\"ops@example.com\",\"terms_agreed\":true},"
                        + "\"domains\":[{\"domain\":\"shop.example.com\",\"state\":\"issued\",\"expires_at\":\"2026-03-01T00:00:00Z\"}]}";
        cli.withCluster()
                .answer("GET /acme", status)
                .answer("PUT /acme", status)
                .answer("DELETE /acme", "{}");

        assertThat(cli.run("cluster", "acme", "enable").err()).contains("--agree-terms");
        assertThat(cli.run(
                                "cluster",
                                "acme",
                                "enable",
                                "--agree-terms",
                                "--email",
                                "ops@example.com",
                                "--directory",
                                "https://ca.test/dir")
                        .out())
                .isEqualTo("Certificates come from https://ca.test/dir for routes that are added with --auto-tls.\n");
        assertThat(cli.bodies("PUT /acme"))
                .containsExactly(
                        "{\"directory\":\"https://ca.test/dir\",\"email\":\"ops@example.com\",\"terms_agreed\":true}");
        assertThat(cli.run("cluster", "acme").out())
                .contains("https://ca.test/dir")
                .containsPattern("shop.example.com +issued +2026-03-01T00:00:00Z");
        assertThat(cli.run("cluster", "acme", "disable").status()).isZero();
    }
}
