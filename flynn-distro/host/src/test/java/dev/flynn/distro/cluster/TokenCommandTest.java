package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.ClusterMembers;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.identity.TokenInfo;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.link.tokens.TokenService;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class TokenCommandTest {

    @TempDir
    Path data;

    @Test
    void tokensAreMadeAndRevokedThroughTheDaemonOfTheHost() {
        var json = new FlynnJson();
        try (var store = new MemoryClusterStore()) {
            var members = new ClusterMembers(new ClusterState(store, json, Clock.systemUTC()));
            var files = new IdentityFiles(data.resolve("identity"));
            HostIdentity identity = files.found("first", Instant.now());
            members.found(files.loadAuthority().orElseThrow(), identity);
            var credentials = new HostCredentials(identity, new RemovedHosts(files), Clock.systemUTC());
            try (HostLink link = HostLink.builder(credentials)
                    .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                    .build()) {
                TokenService.serve(link, members, json);
                LinkAddressFile.write(data, link.advertisedAddress());
                var command = new CommandLine(new TokenCommand());

                assertThat(command.execute("create", "--data-dir", data.toString(), "--uses", "2", "--note", "rack"))
                        .isZero();
                assertThat(members.list()).hasSize(1).first().satisfies(token -> {
                    assertThat(token.maxUses()).isEqualTo(2);
                    assertThat(token.note()).isEqualTo("rack");
                });
                String id = members.list().get(0).id();
                assertThat(command.execute("revoke", "--data-dir", data.toString(), id))
                        .isZero();
                assertThat(members.list().get(0).state()).isEqualTo(TokenInfo.State.REVOKED);
                assertThat(command.execute("list", "--data-dir", data.toString(), "--json"))
                        .isZero();
            }
        }
    }

    @Test
    void theListHasATableAndJson() {
        var token = new TokenInfo(
                "5f0c9a1be2d34477",
                "rack 2",
                Instant.parse("2026-11-20T12:00:00Z"),
                Instant.parse("2026-11-21T12:00:00.123Z"),
                2,
                1,
                TokenInfo.State.USED_UP);

        assertThat(printed(token, false))
                .contains("5f0c9a1be2d34477  used up   1 of 2     2026-11-21T12:00:00Z  rack 2");
        assertThat(printed(token, true)).contains("\"id\":\"5f0c9a1be2d34477\"").contains("\"max_uses\":2");
    }

    private static String printed(TokenInfo token, boolean json) {
        var out = new ByteArrayOutputStream();
        TokenCommand.print(List.of(token), json, new PrintStream(out, true, UTF_8));
        return out.toString(UTF_8);
    }

    @ParameterizedTest
    @CsvSource({"90s,PT90S", "30m,PT30M", "24h,PT24H", "7d,PT168H"})
    void aLengthOfTimeIsANumberAndAUnit(String text, Duration expected) {
        assertThat(TokenCommand.duration(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "24", "h", "-1h", "1w", "99999999d"})
    void whatIsNoLengthOfTimeIsRefused(String text) {
        assertThatThrownBy(() -> TokenCommand.duration(text))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("24h");
    }

    @Test
    void everyCommandHelpsWithAnExample() {
        for (CommandLine command :
                new CommandLine(new TokenCommand()).getSubcommands().values()) {
            assertThat(command.getUsageMessage()).contains("Example: flynn-host token");
        }
        assertThat(new CommandLine(new InitCommand()).getUsageMessage()).contains("flynn-host init");
        assertThat(new CommandLine(new DiscoveryServiceCommand()).getUsageMessage())
                .contains("Example: flynn-host");
    }
}
