package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RouteCommandTest {

    private static final String HTTP = "http/9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0";
    private static final String TCP = "tcp/5b0e6d0c-6f8e-4b44-9c5e-7f64a14c8b3d";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory)
                .withCluster()
                .answer("POST /apps/ledger/routes", http(""))
                .answer("GET /apps/ledger/routes/" + HTTP, http(",\"sticky\":true,\"leader\":true"))
                .answer("PUT /apps/ledger/routes/" + HTTP, http(""))
                .answer("GET /apps/ledger/routes/" + TCP, tcp())
                .answer("PUT /apps/ledger/routes/" + TCP, tcp());
    }

    @AfterEach
    void close() {
        cli.close();
    }

    private static String http(String more) {
        return ("{\"type\":\"http\",\"id\":\"9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0\",\"parent_ref\":\"\","
                        + "\"service\":\"ledger-web\",\"domain\":\"pay.example.net\",\"path\":\"/\"%s,"
                        + "\"tls_cert\":\"CERT\",\"tls_key\":\"KEY\","
                        + "\"created_at\":\"2015-12-14T09:13:02Z\",\"updated_at\":\"2015-12-14T09:13:02Z\"}")
                .formatted(more);
    }

    private static String tcp() {
        return "{\"type\":\"tcp\",\"id\":\"5b0e6d0c-6f8e-4b44-9c5e-7f64a14c8b3d\",\"parent_ref\":\"\","
                + "\"service\":\"ledger-web\",\"port\":3001,"
                + "\"created_at\":\"2015-12-14T09:13:02Z\",\"updated_at\":\"2015-12-14T09:13:02Z\"}";
    }

    private JsonNode sent(String request) {
        return cli.requests().stream()
                .filter(seen -> seen.startsWith(request + " "))
                .findFirst()
                .map(seen -> new FlynnJson().readTree(seen.substring(request.length() + 1)))
                .orElseThrow();
    }

    @Test
    void aRouteMayLeadToTheLeaderOnly() {
        assertThat(cli.run("-a", "ledger", "route", "add", "http", "--leader", "pay.example.net"))
                .isEqualTo(new Cli.Result(0, HTTP + "\n", ""));
        assertThat(sent("POST /apps/ledger/routes").path("leader").asBoolean()).isTrue();
    }

    @Test
    void anUpdateKeepsWhatItDoesNotName() {
        assertThat(cli.run("-a", "ledger", "route", "update", HTTP, "--no-leader"))
                .isEqualTo(new Cli.Result(0, "updated " + HTTP + "\n", ""));
        JsonNode sent = sent("PUT /apps/ledger/routes/" + HTTP);
        assertThat(sent.path("leader").asBoolean()).isFalse();
        assertThat(sent.path("sticky").asBoolean()).isTrue();
        assertThat(sent.path("tls_cert").asText()).isEqualTo("CERT");
        assertThat(sent.path("tls_key").asText()).isEqualTo("KEY");
    }

    @Test
    void anUpdateOfAPortSaysWhatIsMissingAndWhatIsThere() {
        assertThat(cli.run("-a", "ledger", "route", "update", TCP))
                .isEqualTo(new Cli.Result(1, "", "No service name given\n"));
        assertThat(cli.run("-a", "ledger", "route", "update", TCP, "-s", "ledger-web"))
                .isEqualTo(new Cli.Result(1, "", "Service already set\n"));
        assertThat(cli.run("-a", "ledger", "route", "update", TCP, "--leader"))
                .isEqualTo(new Cli.Result(0, TCP + " listening on port 3001\n", ""));
        assertThat(sent("PUT /apps/ledger/routes/" + TCP).path("leader").asBoolean())
                .isTrue();
    }

    @Test
    void aCertificateThatClientsWillRefuseIsTaken() throws IOException {
        Files.writeString(directory.resolve("work/cert"), CertificateProblemsTest.COMMON_NAME);
        Files.writeString(directory.resolve("work/key"), "KEY");

        Cli.Result added =
                cli.run("-a", "ledger", "route", "add", "http", "-c", "cert", "-k", "key", "pay.example.net");
        Cli.Result updated = cli.run("-a", "ledger", "route", "update", HTTP, "-c", "cert", "-k", "key");

        assertThat(added.out()).isEqualTo(HTTP + "\n");
        assertThat(updated.out()).isEqualTo("updated " + HTTP + "\n");
        assertThat(added.err())
                .contains("warning: the certificate is not for pay.example.net; ")
                .endsWith("; clients will refuse it\n");
        assertThat(updated.err()).isEqualTo(added.err());
    }

    @Test
    void whatIsAddedIsPrintedAsJson() {
        Cli.Result result = cli.run("-a", "ledger", "route", "add", "http", "pay.example.net", "--json");
        assertThat(new FlynnJson().readTree(result.out()).path("domain").asText())
                .isEqualTo("pay.example.net");
        assertThat(result.err()).isEmpty();
    }

    private JsonNode added(String... options) {
        List<String> words = new ArrayList<>(List.of("-a", "ledger", "route", "add", "http", "pay.example.net"));
        words.addAll(List.of(options));
        Cli.Result result = cli.run(words.toArray(String[]::new));
        assertThat(result).isEqualTo(new Cli.Result(0, HTTP + "\n", ""));
        return sent("POST /apps/ledger/routes");
    }

    private static JsonNode json(String text) {
        return new FlynnJson().readTree(text);
    }

    @Test
    void everyPolicyCanBeSaid() {
        JsonNode sent = added(
                "--https-redirect",
                "--maintenance",
                "--rate=100/s,burst=200",
                "--rate-per-client",
                "600/m",
                "--max-concurrent=10",
                "--max-body=10MB",
                "--timeout=30s",
                "--dial-timeout=500ms",
                "--idle-timeout=5m",
                "--health-path=/healthz",
                "--health-interval=2s",
                "--header-add=X-Frame-Options: DENY",
                "--header-add",
                "Cache-Control: no-store",
                "--header-remove=X-Powered-By",
                "--request-header-add=X-Env: live",
                "--request-header-remove=X-Debug");

        assertThat(sent.path("policy")).isEqualTo(json("""
                {"redirect_to_https":true,
                 "maintenance":{"status":503,"content_type":"text/plain; charset=utf-8",
                   "body":"This application is being worked on. Please try again later.\\n"},
                 "rate_limit":{"requests":100,"per":1000000000,"burst":200},
                 "client_rate_limit":{"requests":600,"per":60000000000,"burst":600},
                 "max_concurrent":10,"max_body_bytes":10485760,
                 "request_headers":{"set":{"X-Env":"live"},"remove":["X-Debug"]},
                 "response_headers":{"set":{"Cache-Control":"no-store","X-Frame-Options":"DENY"},"remove":["X-Powered-By"]},
                 "health_check":{"path":"/healthz","interval":2000000000,"timeout":5000000000,
                   "unhealthy_after":3,"healthy_after":2},
                 "dial_timeout":500000000,"response_timeout":30000000000,"idle_timeout":300000000000}
                """));
    }

    @Test
    void whatIsNotSaidIsNotSent() {
        assertThat(added().has("policy")).isFalse();
        assertThat(sent("POST /apps/ledger/routes").has("weights")).isFalse();
    }

    @Test
    void whatIsNoPolicyCanBeSaidToo() {
        JsonNode sent = added("--drain", "--no-keep-alive", "--weight=ledger-next=5", "--weight", "ledger-web=95");

        assertThat(sent.path("drain_backends").asBoolean()).isTrue();
        assertThat(sent.path("disable_keep_alives").asBoolean()).isTrue();
        assertThat(sent.path("weights")).isEqualTo(json("{\"ledger-next\":5,\"ledger-web\":95}"));
    }

    @Test
    void passwordsAreReadFromTheInputAndLeaveAsHashes() {
        cli.typing("s3cret\nü\n");

        JsonNode auth = added("--auth-user=alice", "--auth-digest", "--auth-user=bob")
                .path("policy")
                .path("auth");

        assertThat(auth).isEqualTo(json("""
                {"scheme":"digest","realm":"protected","users":{
                  "alice":"9a6ee81ec892c22a687eb4b72b193f54b5315388a79ab2a56a35ab824e878328",
                  "bob":"%s"}}
                """.formatted(sha256("bob:protected:ü"))));
    }

    private static String sha256(String text) {
        try {
            return HexFormat.of()
                    .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static final String FULL =
            """
            ,"drain_backends":true,"disable_keep_alives":true,"weights":{"ledger-next":5},"policy":{
              "redirect_to_https":true,
              "maintenance":{"status":503,"content_type":"text/html","body":"<p>later"},
              "auth":{"scheme":"basic","realm":"shop","users":{"alice":"%1$s","bob":"%1$s"}},
              "rate_limit":{"requests":100,"per":1000000000,"burst":200},
              "client_rate_limit":{"requests":5,"per":60000000000,"burst":5},
              "max_concurrent":10,"max_body_bytes":10485760,
              "request_headers":{"set":{"X-Env":"live"},"remove":["X-Debug"]},
              "response_headers":{"set":{"X-Frame-Options":"DENY"},"remove":["X-Powered-By"]},
              "health_check":{"path":"/healthz","interval":2000000000,"timeout":5000000000,"unhealthy_after":3,"healthy_after":2},
              "dial_timeout":500000000,"response_timeout":90000000000,"idle_timeout":300000000000}
            """.formatted("0123456789abcdef".repeat(4)).replace("\n", "");

    private JsonNode updated(String... options) {
        cli.answer("GET /apps/ledger/routes/" + HTTP, http(FULL));
        List<String> words = new ArrayList<>(List.of("-a", "ledger", "route", "update", HTTP));
        words.addAll(List.of(options));
        assertThat(cli.run(words.toArray(String[]::new))).isEqualTo(new Cli.Result(0, "updated " + HTTP + "\n", ""));
        return sent("PUT /apps/ledger/routes/" + HTTP);
    }

    @Test
    void anUpdateKeepsThePolicyItDoesNotName() {
        JsonNode before = json(http(FULL));

        JsonNode sent = updated("--max-concurrent", "20");

        assertThat(sent.path("policy").path("max_concurrent").asInt()).isEqualTo(20);
        ((ObjectNode) sent.path("policy")).put("max_concurrent", 10);
        assertThat(sent.path("policy")).isEqualTo(before.path("policy"));
        assertThat(sent.path("weights")).isEqualTo(before.path("weights"));
        assertThat(sent.path("drain_backends").asBoolean()).isTrue();
        assertThat(sent.path("disable_keep_alives").asBoolean()).isTrue();
    }

    @Test
    void everythingCanBeTakenBack() {
        JsonNode sent = updated(
                "--no-https-redirect",
                "--no-maintenance",
                "--no-auth",
                "--no-rate",
                "--no-rate-per-client",
                "--no-max-concurrent",
                "--no-max-body",
                "--no-timeout",
                "--no-dial-timeout",
                "--no-idle-timeout",
                "--no-health-path",
                "--no-headers",
                "--no-weight=ledger-next",
                "--no-drain",
                "--keep-alive");

        assertThat(sent.has("policy")).isFalse();
        assertThat(sent.path("weights").size()).isZero();
        assertThat(sent.path("drain_backends").asBoolean()).isFalse();
        assertThat(sent.path("disable_keep_alives").asBoolean()).isFalse();
    }

    @Test
    void singleUsersAndFieldsCanBeTakenBack() {
        JsonNode policy = updated("--no-auth-user=bob", "--no-header=x-frame-options", "--no-header=X-Debug")
                .path("policy");

        assertThat(policy.path("auth").path("users").size()).isEqualTo(1);
        assertThat(policy.path("response_headers")).isEqualTo(json("{\"remove\":[\"X-Powered-By\"]}"));
        assertThat(policy.path("request_headers")).isEqualTo(json("{\"set\":{\"X-Env\":\"live\"}}"));
    }

    @Test
    void aRouteIsShownWithoutItsSecrets() {
        cli.answer("GET /apps/ledger/routes/" + HTTP, http(FULL));

        Cli.Result shown = cli.run("-a", "ledger", "route", "show", HTTP);

        assertThat(shown.status()).isZero();
        assertThat(shown.out().lines())
                .containsExactly(
                        "Route:               " + HTTP,
                        "Domain:              pay.example.net",
                        "Path:                /",
                        "Service:             ledger-web",
                        "Weights:             ledger-next=5, ledger-web=100",
                        "Certificate:         its own",
                        "Sticky:              no",
                        "Keep-alive:          no",
                        "Leader only:         no",
                        "Drain:               yes",
                        "HTTPS redirect:      yes",
                        "Maintenance:         503, text/html, 8 characters",
                        "Users:               alice, bob (basic, realm shop)",
                        "Rate:                100/s,burst=200",
                        "Rate per client:     5/m",
                        "Requests at a time:  10",
                        "Longest body:        10MB",
                        "Dial timeout:        500ms",
                        "Timeout:             90s",
                        "Idle timeout:        5m",
                        "Health check:        GET /healthz every 2s for at most 5s; ill after 3, well after 2",
                        "Request headers:     set X-Env: live; remove X-Debug",
                        "Response headers:    set X-Frame-Options: DENY; remove X-Powered-By");
        JsonNode asJson =
                json(cli.run("-a", "ledger", "route", "show", HTTP, "--json").out());
        assertThat(asJson.path("policy").path("max_concurrent").asInt()).isEqualTo(10);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rate=100 | --rate must be a rate such as 100/s, 600/m, or 100/s,burst=200, was \"100\"",
                "--rate-per-client=0/s | --rate-per-client must be at least 1, was \"0/s\"",
                "--timeout=30 | --timeout must be a time such as 500ms, 30s, 5m or 1h, was \"30\"",
                "--max-body=big | --max-body must be a number of bytes such as 512kB or 10MB, was \"big\"",
                "--max-concurrent=many | --max-concurrent must be a number, was \"many\"",
                "--weight=next | --weight must be a service and its share, such as ledger-next=5, was \"next\"",
                "--header-add=Nothing | --header-add must be a field such as 'X-Frame-Options: DENY', was \"Nothing\"",
                "--auth-user=alice | no password for alice: standard input must hold one line for each --auth-user",
                "--auth-user=a:b | --auth-user must be a name without colons, was \"a:b\"",
                "--auth-digest | --auth-digest needs a user: give --auth-user NAME as well",
                "--no-auth-user=eve | the route has no user \"eve\"; it has []",
                "--health-interval=1s | --health-interval and --health-timeout need --health-path",
            })
    void whatCannotBeIsRefusedByName(String option, String reason) {
        assertThat(cli.run("-a", "ledger", "route", "update", HTTP, option))
                .isEqualTo(new Cli.Result(1, "", reason + "\n"));
        assertThat(cli.requests()).noneMatch(request -> request.startsWith("PUT"));
    }

    @Test
    void aPortHasNoPolicy() {
        assertThat(cli.run("-a", "ledger", "route", "update", TCP, "--rate=1/s"))
                .isEqualTo(new Cli.Result(1, "", "--rate is for http routes only\n"));
        assertThat(cli.run("-a", "ledger", "route", "update", TCP, "--drain").status())
                .isZero();
        assertThat(sent("PUT /apps/ledger/routes/" + TCP).path("drain_backends").asBoolean())
                .isTrue();
    }

    private static final String CERTIFICATE = "{\"domain\":\"pay.example.net\",\"state\":\"failing\",\"failures\":2,"
            + "\"expires_at\":\"2026-03-01T00:00:00Z\",\"error\":\"urn:ietf:params:acme:error:dns: no A record\","
            + "\"failed_at\":\"2026-01-01T00:00:00Z\",\"next_attempt_at\":\"2026-01-01T00:10:00Z\"}";

    @Test
    void aRouteMayGetItsCertificateByItself() {
        cli.run("-a", "ledger", "route", "add", "http", "--auto-tls", "pay.example.net");

        assertThat(sent("POST /apps/ledger/routes").path("auto_tls").asBoolean())
                .isTrue();
    }

    @Test
    void anAutomaticCertificateTakesThePlaceOfOneByHand() {
        assertThat(cli.run("-a", "ledger", "route", "update", HTTP, "--auto-tls")
                        .status())
                .isZero();

        JsonNode sent = sent("PUT /apps/ledger/routes/" + HTTP);
        assertThat(sent.path("auto_tls").asBoolean()).isTrue();
        assertThat(sent.has("tls_cert")).isFalse();
        assertThat(sent.has("tls_key")).isFalse();
    }

    @Test
    void anAutomaticCertificateStaysUnlessToldOtherwise() {
        cli.answer("GET /apps/ledger/routes/" + HTTP, automatic());
        cli.run("-a", "ledger", "route", "update", HTTP, "--sticky");
        assertThat(sent("PUT /apps/ledger/routes/" + HTTP).path("auto_tls").asBoolean())
                .isTrue();
    }

    private static String automatic() {
        return http(",\"auto_tls\":true").replace("\"tls_cert\":\"CERT\",\"tls_key\":\"KEY\",", "");
    }

    @Test
    void aRouteIsShownWithTheStateOfItsCertificate() {
        cli.answer("GET /apps/ledger/routes/" + HTTP, automatic())
                .answer("GET /apps/ledger/routes/" + HTTP + "/certificate", CERTIFICATE);

        assertThat(cli.run("-a", "ledger", "route", "show", HTTP).out())
                .containsPattern("Domain: +pay.example.net")
                .containsPattern("State: +failing, the one before serves until 2026-03-01T00:00:00Z")
                .containsPattern("Last error: +urn:ietf:params:acme:error:dns: no A record")
                .containsPattern("Failed: +2026-01-01T00:00:00Z, 2 in a row")
                .containsPattern("Next attempt: +2026-01-01T00:10:00Z");
    }
}
