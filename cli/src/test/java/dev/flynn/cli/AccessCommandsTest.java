package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.access.AccessKey;
import dev.flynn.api.access.Scope;
import dev.flynn.cli.AccessKeyCommand.Expiry;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code flynn access-key} and {@code flynn audit}. */
class AccessCommandsTest {

    private static final Instant NOW = Instant.parse("2026-11-21T12:00:00Z");
    private static final String KEY = """
            {"name":"ci","scopes":["deploy","app:5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10"],\
            "created_at":"2015-12-14T09:12:03.4Z","revoked_at":"2015-12-15T09:12:03.4Z"}""";
    private static final String ENTRIES = """
            [{"id":2,"at":"2026-11-21T12:00:01.12Z","key":"ci","method":"POST","path":"/apps/ledger/deploy","app":"x",\
            "status":200,"millis":9,"request_id":"r2","remote":"192.0.2.7","missing":3},\
            {"id":1,"at":"2026-11-21T12:00:00Z","key":"ann","method":"DELETE","path":"/apps/ledger","status":403,\
            "millis":0,"request_id":"r1","remote":"192.0.2.8"}]""";

    @TempDir
    Path directory;

    private Cli cli;

    @BeforeEach
    void open() {
        cli = new Cli(directory).withCluster();
    }

    @AfterEach
    void close() {
        cli.close();
    }

    @Test
    void aNewKeyIsPrintedAloneOnStandardOutput() {
        cli.answer("POST /access-keys", "{\"key\":\"flynn_abc\",\"access_key\":" + KEY + "}");

        assertThat(cli.run("access-key", "add", "ci", "--scope", "deploy,app:ledger", "-e", "2027-01-31T00:00:00Z"))
                .isEqualTo(new Cli.Result(
                        0,
                        "flynn_abc\n",
                        "Created key ci (deploy,app:5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10). It is not shown again:\n"));
        assertThat(cli.requests())
                .containsExactly(
                        "POST /access-keys {\"name\":\"ci\",\"scopes\":[\"deploy\",\"app:ledger\"],\"expires_at\":\"2027-01-31T00:00:00Z\"}");
        assertThat(cli.run("access-key", "add", "ci", "-s", "read", "--json").out())
                .contains("\"key\":\"flynn_abc\"");
    }

    @Test
    void aKeyNeedsAScope() {
        assertThat(cli.run("access-key", "add", "ci").err()).startsWith("say with --scope");
        assertThat(cli.requests()).isEmpty();
    }

    @Test
    void listsAndRevokesKeys() {
        cli.answer("GET /access-keys", "[" + KEY + "]").answer("DELETE /access-keys/ci", KEY);

        assertThat(cli.run("access-key").out())
                .startsWith("NAME  SCOPES")
                .contains("ci    deploy,app:5c3f0c9e-1c1e-4c1b-8a53-0f6f7a1f9b10", "never", "revoked ");
        assertThat(cli.run("access-key", "list", "--json").out()).startsWith("[{\"name\":\"ci\"");
        assertThat(cli.run("access-key", "revoke", "ci")).isEqualTo(new Cli.Result(0, "", "Revoked key ci.\n"));
        assertThat(cli.run("access-key", "revoke", "nobody").status()).isEqualTo(1);
    }

    @Test
    void saysWhatAKeyIsGoodFor() {
        var key = new AccessKey("ci", List.of(Scope.READ), NOW, Optional.empty(), Optional.empty(), Optional.empty());

        assertThat(AccessKeyCommand.state(key, NOW)).isEqualTo("valid");
        assertThat(AccessKeyCommand.state(key.revoked(NOW), NOW.plusSeconds(5))).isEqualTo("revoked 5 seconds ago");
        var ending = new AccessKey(
                "ci", List.of(Scope.READ), NOW, Optional.of(NOW.plusSeconds(60)), Optional.empty(), Optional.empty());
        assertThat(AccessKeyCommand.state(ending, NOW)).isEqualTo("valid until 2026-11-21T12:01:00Z");
        assertThat(AccessKeyCommand.state(ending, NOW.plusSeconds(62))).isEqualTo("expired 2 seconds ago");
    }

    @ParameterizedTest
    @CsvSource({"30s, 30", "90m, 5400", "12h, 43200", "30d, 2592000", "2026-11-21T12:00:07Z, 7"})
    void anEndIsAwayOrATime(String text, long seconds) {
        assertThat(Expiry.parse(text, NOW)).isEqualTo(NOW.plusSeconds(seconds));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "d", "30", "-1d", "0d", "soon", "99999999999999999999d"})
    void anEndIsNothingElse(String text) {
        assertThatThrownBy(() -> Expiry.parse(text, NOW)).hasMessageContaining("no time in the future");
    }

    @Test
    void theAuditIsShownOldestFirst() {
        cli.answer("GET /audit", ENTRIES);

        assertThat(cli.run("audit").out()).isEqualTo("""
                        2026-11-21T12:00:00Z ann DELETE /apps/ledger 403 0ms from 192.0.2.8, request r1
                        2026-11-21T12:00:01.120Z ci POST /apps/ledger/deploy 200 9ms from 192.0.2.7, request r2 (3 before this are missing)
                        """);
        assertThat(cli.run("audit", "--json").out().lines()).hasSize(2).allMatch(line -> line.startsWith("{\"id\":"));
    }

    @Test
    void theAuditIsAskedForWhatIsWanted() {
        cli.answer("GET /audit?since=2026-11-21T12%3A00%3A00Z&app=ledger&name=ci&count=5", ENTRIES);

        assertThat(cli.run("-a", "ledger", "audit", "-n", "5", "-k", "ci", "--since", "2026-11-21T12:00:00Z")
                        .status())
                .isZero();
        assertThat(cli.run("audit", "--since", "yesterday").err()).contains("is no time");
        assertThat(cli.run("audit", "-n", "x").err()).contains("no number of entries");
    }
}
