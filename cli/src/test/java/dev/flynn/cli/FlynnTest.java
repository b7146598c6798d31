package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlynnTest {

    private static final String APP = """
            {"id":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10","name":"ledger","meta":{"team":"billing","owner":"payments"},\
            "strategy":"all-at-once","created_at":"2015-12-14T09:12:03.4Z","updated_at":"2015-12-14T09:12:03.4Z"}""";
    private static final String RELEASE = """
            {"id":"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01","env":{"B":"2","A":"1"},"processes":{"web":{"env":{"A":"3"},\
            "resources":{"memory":{"request":1,"limit":1073741824},"max_fd":{"request":1,"limit":10000}}},"worker":\
            {"resources":{"memory":{"request":1,"limit":536870912}}}},"created_at":"2015-12-14T09:13:01.2Z"}""";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory);
    }

    @AfterEach
    void close() {
        cli.close();
    }

    @Test
    void withoutACommandTheUsageIsShownOnStandardOutput() {
        assertThat(cli.run())
                .isEqualTo(new Cli.Result(1, "usage: flynn [-a <app>] [-c <cluster>] <command> [<args>...]\n", ""));
        assertThat(cli.run("--bogus").status()).isEqualTo(1);
    }

    @Test
    void anUnknownCommandIsToldOnStandardError() {
        assertThat(cli.run("nope")).isEqualTo(new Cli.Result(1, "", "nope is not a flynn command. See 'flynn help'\n"));
    }

    @Test
    void wrongArgumentsShowTheCommandsUsageOnStandardOutput() {
        assertThat(cli.run("env", "set")).isEqualTo(new Cli.Result(1, """
                        usage: flynn env [-t <proc>]
                               flynn env set [-t <proc>] <var>=<val>...
                               flynn env unset [-t <proc>] <var>...
                               flynn env get [-t <proc>] <var>
                        """, ""));
    }

    @Test
    void everyListedCommandHasHelpThatBeginsWithItsUsage() {
        for (String command : Commands.LISTED) {
            assertThat(Commands.find(command)).as(command).isPresent();
            assertThat(cli.run("help", command).out()).startsWith("usage: flynn " + command);
            assertThat(cli.run(command, "--help").out()).isEqualTo(HelpTexts.of(command));
        }
        assertThat(cli.run("help").out()).contains("  apps         List all apps.\n");
        assertThat(cli.run("-h").out()).isEqualTo(cli.run("help").out());
    }

    @Test
    void helpAsJsonHasEveryCommandInOrder() {
        String json = cli.run("help", "--json").out();

        assertThat(new dev.flynn.json.FlynnJson().readTree(json).fieldNames())
                .toIterable()
                .containsExactlyElementsOf(Commands.LISTED.stream().sorted().toList());
        assertThat(json).startsWith("{\n\t\"access-key\": \"usage: flynn access-key [list] [--json]\\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pg", "mysql", "redis", "mongodb", "login", "install"})
    void whatIsMissingSaysSo(String command) {
        assertThat(cli.run(command, "x", "--y"))
                .isEqualTo(new Cli.Result(1, "", "flynn " + command + ": not available yet\n"));
    }

    @Test
    void withoutAClusterNothingCanBeAsked() {
        assertThat(cli.run("apps")).isEqualTo(new Cli.Result(1, "", "no clusters configured\n"));
    }

    @Test
    void listsApps() {
        cli.withCluster().answer("GET /apps", "[" + APP + "]");

        assertThat(cli.run("apps")).isEqualTo(new Cli.Result(0, """
                        ID                                    NAME
                        5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10  ledger
                        """, ""));
    }

    @Test
    void listsRunningJobsByTypeWithOneOffJobsFirst() {
        String job = """
                {"id":"%s","app":"5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10",%s\
                "release":"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01","state":"%s",\
                "created_at":"2015-12-14T09:13:02Z","updated_at":"2015-12-14T09:13:02Z"}""";
        cli.withCluster()
                .answer(
                        "GET /apps/ledger/jobs",
                        "[" + job.formatted("n-1", "\"type\":\"web\",", "up") + ","
                                + job.formatted("n-2", "\"type\":\"web\",", "down") + ","
                                + job.formatted("n-3", "", "up") + "]");

        assertThat(cli.run("-a", "ledger", "ps").out()).isEqualTo("""
                ID   TYPE  RELEASE
                n-3  run   f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01
                n-1  web   f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01
                """);
        assertThat(cli.run("-aledger", "ps", "-aq", "-tweb").out()).isEqualTo("n-1\nn-2\n");
        assertThat(cli.run("-a", "ledger", "ps", "-t", "run", "-q").out()).isEqualTo("n-3\n");
    }

    @Test
    void showsEnvironmentLimitsAndMetadataSorted() {
        cli.withCluster().set("FLYNN_APP", "ledger").answer("GET /apps/ledger/release", RELEASE);
        cli.answer("GET /apps/ledger", APP);

        assertThat(cli.run("env").out()).isEqualTo("A=1\nB=2\n");
        assertThat(cli.run("env", "-t", "web").out()).isEqualTo("A=3\nB=2\n");
        assertThat(cli.run("env", "get", "A", "-t", "web").out()).isEqualTo("3\n");
        assertThat(cli.run("env", "get", "C").err())
                .isEqualTo("var \"C\" not found in release \"f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01\"\n");
        assertThat(cli.run("env", "set", "C").err()).isEqualTo("invalid var format: \"C\"\n");
        assertThat(cli.run("limit").out()).isEqualTo("web:     max_fd=10000  memory=1GB\nworker:  memory=512MB\n");
        assertThat(cli.run("limit", "set", "web", "bogus=1").err())
                .isEqualTo("invalid resource limit type: [\"bogus\" \"1\"]\n");
        assertThat(cli.run("meta").out()).isEqualTo("KEY    VALUE\nowner  payments\nteam   billing\n");
    }

    @Test
    void anAppWithoutAReleaseShowsLittle() {
        cli.withCluster().set("FLYNN_APP", "ledger").answer("GET /apps/ledger", APP);
        cli.answer("GET /apps/ledger/routes", "[]");

        assertThat(cli.run("env")).isEqualTo(new Cli.Result(0, "", ""));
        assertThat(cli.run("limit")).isEqualTo(new Cli.Result(0, "", ""));
        assertThat(cli.run("info").out()).isEqualTo("=== ledger\nGit URL:  https://git.test.example.net/ledger.git\n");
        assertThat(cli.run("env", "get", "A").err()).isEqualTo("no app release found\n");
        assertThat(cli.run("scale").err()).isEqualTo("No app release, specify a release with --release\n");
        assertThat(cli.run("run", "ls", "-l").err()).isEqualTo("No app release, specify a release with -release\n");
    }

    @Test
    void anAppThatDoesNotExistIsNamed() {
        cli.withCluster().set("FLYNN_APP", "legder");
        String problem = "controller: resource not found: cluster \"test\" has no app \"legder\";"
                + " 'flynn apps' lists those that it has\n";

        for (List<String> command : List.of(
                List.of("env"),
                List.of("env", "set", "A=1"),
                List.of("limit"),
                List.of("ps"),
                List.of("scale"),
                List.of("scale", "web=1"),
                List.of("run", "ls"),
                List.of("kill", "host-1"),
                List.of("release", "show"))) {
            assertThat(cli.run(command.toArray(String[]::new)))
                    .as("%s", command)
                    .isEqualTo(new Cli.Result(1, "", problem));
        }
        assertThat(cli.requests()).noneMatch(request -> request.startsWith("POST"));
    }

    @Test
    void aJobThatDoesNotExistIsNamed() {
        cli.withCluster().set("FLYNN_APP", "ledger").answer("GET /apps/ledger", APP);

        assertThat(cli.run("kill", "host-1").err())
                .isEqualTo("controller: resource not found: the app has no job \"host-1\";"
                        + " 'flynn ps' lists those that run\n");
    }

    @Test
    void aReleaseWithoutAnImageRunsNothing() {
        String id = "f0c6a0b2-74a2-4d5a-92c3-3d5b9dfb8a01";
        String release = "{\"id\":\"%s\",\"artifacts\":[],\"created_at\":\"2015-12-14T09:13:01Z\"}".formatted(id);
        cli.withCluster().set("FLYNN_APP", "ledger").answer("GET /apps/ledger", APP);
        cli.answer("GET /apps/ledger/release", release).answer("GET /releases/" + id, release);
        String problem = "App release has no image, push a release first\n";

        assertThat(cli.run("run", "ls").err()).isEqualTo(problem);
        assertThat(cli.run("run", "-r", id, "ls").err()).isEqualTo(problem);
        assertThat(cli.run("run", "-d", "-r", id, "ls").err()).isEqualTo(problem);

        String unknown = "11111111-1111-1111-1111-111111111111";
        assertThat(cli.run("run", "-r", unknown, "ls").err())
                .isEqualTo("there is no release \"%s\"; 'flynn release' lists those of the app\n".formatted(unknown));
    }

    @Test
    void aFileThatIsNotThereIsNamed() {
        cli.withCluster().set("FLYNN_APP", "ledger").answer("GET /apps/ledger", APP);
        String problem = "/none/there: no such file or directory\n";

        assertThat(cli.run("release", "update", "/none/there").err()).isEqualTo("cannot read " + problem);
        assertThat(cli.run("import", "-f", "/none/there").err()).isEqualTo("error importing app: " + problem);
        assertThat(cli.run("route", "add", "http", "-c", "/none/there", "-k", "/none/there", "a.example.com")
                        .err())
                .isEqualTo("Failed to read TLS cert: " + problem);
    }

    @Test
    void aVariableNeedsAName() {
        cli.withCluster().set("FLYNN_APP", "ledger");

        assertThat(cli.run("env", "set", "=1").err()).isEqualTo("invalid var format: \"=1\"\n");
    }

    @Test
    void aNumberOfLinesIsNotNegative() {
        cli.withCluster().set("FLYNN_APP", "ledger");

        assertThat(cli.run("log", "-n", "-1").err()).isEqualTo("\"-1\" is no number of lines\n");
    }

    @Test
    void theWebUrlHasThePortThatTheClusterTells() {
        String route = """
                [{"type":"http","id":"9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0","parent_ref":"","service":"ledger-web",\
                "domain":"ledger.test","path":"/","created_at":"2015-12-14T09:13:02Z",\
                "updated_at":"2015-12-14T09:13:02Z"}]""";
        cli.withCluster().set("FLYNN_APP", "ledger").answer("GET /apps/ledger", APP);
        cli.answer("GET /apps/ledger/routes", route);
        cli.answer(
                "GET /.well-known/status",
                "{\"data\":{\"status\":\"healthy\",\"detail\":{\"http_port\":8080,\"https_port\":8443}}}");

        assertThat(cli.run("info").out()).endsWith("Web URL:  http://ledger.test:8080\n");

        cli.answer("GET /.well-known/status", "{\"data\":{\"status\":\"healthy\"}}");
        assertThat(cli.run("info").out()).endsWith("Web URL:  http://ledger.test\n");
    }

    @Test
    void createMakesARemoteInARepository() {
        cli.withCluster().answer("POST /apps", APP);
        cli.git("init", "-q");

        assertThat(cli.run("create", "ledger")).isEqualTo(new Cli.Result(0, "", "Created ledger\n"));

        assertThat(cli.git("remote", "get-url", "flynn")).isEqualTo("https://git.test.example.net/ledger.git\n");
    }

    @Test
    void noToTheRemoteIsNoToTheApp() {
        cli.withCluster().answer("POST /apps", APP);
        cli.git("init", "-q");
        cli.git("remote", "add", "flynn", "https://elsewhere/x.git");

        assertThat(cli.typing("\nno\n").run("create", "ledger"))
                .isEqualTo(new Cli.Result(
                        0,
                        "There is already a git remote called flynn\n"
                                + "Are you sure you want to replace it? (yes/no): Please type 'yes' or 'no': ",
                        "The remote was not created. Please declare the desired local git remote name with --remote"
                                + " flag.\n"));
        assertThat(cli.requests()).isEmpty();
        assertThat(cli.typing("").run("create", "ledger").status()).isZero();
        assertThat(cli.requests()).isEmpty();

        cli.run("create", "-y", "ledger");
        assertThat(cli.git("remote", "get-url", "flynn")).isEqualTo("https://git.test.example.net/ledger.git\n");
    }

    @Test
    void theAppComesFromTheOnlyFlynnRemote() {
        cli.withCluster().answer("GET /apps/ledger", APP);
        assertThat(cli.run("meta").err())
                .isEqualTo("no app found, run from a repo with a flynn remote or specify one with -a\n");
        cli.git("init", "-q");
        assertThat(cli.run("meta").err()).isEqualTo("no apps in git remotes\n");
        cli.git("remote", "add", "origin", "https://elsewhere/x.git");
        cli.git("remote", "add", "one", "https://git.test.example.net/ledger.git");

        assertThat(cli.run("meta").out()).contains("payments");

        cli.git("remote", "add", "two", "https://git.test.example.net/other.git");
        assertThat(cli.run("meta").err())
                .isEqualTo("error: Multiple apps listed in git remotes, please specify one with the global -a option to"
                        + " disambiguate.\n\nAvailable Flynn remotes:\none\ntwo\n");
        assertThat(cli.run("-a", "one", "meta").out()).contains("payments");
        cli.git("config", "flynn.remote", "one");
        assertThat(cli.run("meta").out()).contains("payments");
        cli.git("config", "flynn.remote", "origin");
        assertThat(cli.run("meta").err()).isEqualTo("could not find app name in origin git remote\n");
        assertThat(cli.set("FLYNN_APP", "ledger").run("meta").out()).contains("payments");
    }

    @Test
    void aRemoteChoosesItsClusterEvenForCommandsWithoutAnApp() {
        cli.withCluster().answer("GET /apps", "[" + APP + "]");
        ClusterList list = new ClusterFile(cli.clusterFile()).read();
        Cluster nowhere = new Cluster("nowhere", "", "", "http://127.0.0.1:1", "https://git.nowhere.example.net");
        cli.write(new ClusterList("nowhere", List.of(nowhere, list.clusters().get(0))));
        cli.git("init", "-q");
        cli.git("remote", "add", "flynn", "https://git.test.example.net/ledger.git");

        assertThat(cli.run("apps").out()).contains("ledger");
        assertThat(cli.run("-c", "nowhere", "apps").err()).startsWith("cannot reach http://127.0.0.1:1");
        assertThat(cli.run("-c", "bogus", "apps").err()).isEqualTo("unknown cluster \"bogus\"\n");
        assertThat(cli.set("FLYNN_CLUSTER", "test").run("apps").out()).contains("ledger");
    }

    @Test
    void addsListsAndRemovesClusters() {
        assertThat(cli.run("cluster", "add", "--no-git", "-p", "pin", "prod", "prod.example.net:8443", "key"))
                .isEqualTo(new Cli.Result(0, "", "Cluster \"prod\" added and set as default.\n"));
        assertThat(cli.run("cluster", "add", "--no-git", "staging", "https://controller.staging.example.net", "k")
                        .err())
                .isEqualTo("Cluster \"staging\" added.\n");
        assertThat(cli.run("cluster").out()).isEqualTo("""
                        NAME     CONTROLLER URL                            GIT URL
                        prod     https://controller.prod.example.net:8443  https://git.prod.example.net:8443  (default)
                        staging  https://controller.staging.example.net    https://git.staging.example.net
                        """);
        assertThat(cli.run("cluster", "add", "--no-git", "prod", "x.example.net", "k")
                        .err())
                .isEqualTo("Cluster \"prod\" already exists in ~/.flynnrc\n");
        assertThat(cli.run("cluster", "add", "--no-git", "x", "staging.example.net", "k")
                        .err())
                .isEqualTo("A cluster with the URL \"https://controller.staging.example.net\" already exists in"
                        + " ~/.flynnrc\n");
        assertThat(cli.run("cluster", "add", "-f", "--no-git", "prod", "staging.example.net", "k")
                        .err())
                .isEqualTo("The cluster name and/or URLs conflict with multiple existing clusters.\n");
        assertThat(cli.run("cluster", "default", "bogus").err())
                .isEqualTo("Cluster \"bogus\" does not exist and cannot be set as default.\n");
        assertThat(cli.run("cluster", "default").out())
                .isEqualTo("NAME  URL\nprod  https://controller.prod.example.net:8443  (default)\n");
        assertThat(cli.run("cluster", "remove", "bogus")).isEqualTo(new Cli.Result(0, "", ""));
        assertThat(cli.run("cluster", "remove", "prod").err())
                .isEqualTo("Cluster \"prod\" removed and \"staging\" is now the default cluster.\n");
        assertThat(cli.run("cluster", "remove", "staging").err()).isEqualTo("Cluster \"staging\" removed.\n");
        assertThat(cli.clusterFile()).isEmptyFile();
    }

    @Test
    void nothingIsSavedWhenTheClusterCannotBeAsked() {
        assertThat(cli.run("cluster", "add", "prod", "localhost:1", "key").err())
                .startsWith("cannot reach https://controller.localhost:1");
        assertThat(cli.clusterFile()).doesNotExist();
        assertThat(cli.git("config", "--global", "--list")).doesNotContain("credential");
    }

    @Test
    void givesGitTheKeyOfItsClusterOnly() {
        cli.withCluster().typing("protocol=https\nhost=git.test.example.net\n");
        assertThat(cli.run("git-credentials", "get").out())
                .isEqualTo("protocol=https\nusername=user\nhost=git.test.example.net\npassword=key\n");

        assertThat(cli.run("git-credentials", "store")).isEqualTo(new Cli.Result(0, "", ""));
        cli.typing("protocol=https\nhost=git.elsewhere.example.net\n");
        assertThat(cli.run("git-credentials", "get")).isEqualTo(new Cli.Result(0, "", ""));
    }

    @Test
    void addsRoutesWithTheirPath() {
        cli.withCluster().set("FLYNN_APP", "ledger").answer("POST /apps/ledger/routes", """
                {"type":"http","id":"9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0","parent_ref":"","service":"ledger-web",\
                "domain":"a.test","path":"/x/","created_at":"2015-12-14T09:13:02Z","updated_at":"2015-12-14T09:13:02Z"}""");

        assertThat(cli.run("route", "add", "http", "a.test/x/"))
                .isEqualTo(new Cli.Result(0, "http/9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0\n", ""));
        assertThat(cli.requests().get(0))
                .contains("\"domain\":\"a.test\"", "\"path\":\"/x/\"", "\"service\":\"ledger-web\"");
        assertThat(cli.run("route", "add", "http", "-c", "cert", "a.test").err())
                .isEqualTo("Both the TLS certificate AND private key need to be specified\n");
        assertThat(cli.run("route", "remove", "9a1f").err()).isEqualTo("Route type 9a1f not supported.\n");
    }
}
