package dev.flynn.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.ClusterMembers;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.JoinAttempt;
import dev.flynn.identity.JoinDesk;
import dev.flynn.identity.JoinToken;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.identity.TokenInfo;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.tokens.RemoteTokenAdmin;
import dev.flynn.link.tokens.TokenService;
import dev.flynn.spi.component.Subscription;
import dev.flynn.state.ClusterState;
import dev.flynn.store.MemoryClusterStore;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Joining a cluster over its link, from the token to the first call. */
class JoinTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final FlynnJson JSON = new FlynnJson();

    @TempDir
    Path directory;

    private TestHosts hosts;
    private ClusterMembers members;
    private HostCredentials first;
    private RemovedHosts removed;
    private HostLink link;

    @BeforeEach
    void foundACluster() {
        hosts = new TestHosts(directory);
        MemoryClusterStore store = hosts.open(new MemoryClusterStore());
        members = new ClusterMembers(new ClusterState(store, JSON, Clock.systemUTC()));
        IdentityFiles files = hosts.files("first");
        HostIdentity identity = files.found("first", Instant.now());
        members.found(files.loadAuthority().orElseThrow(), identity);
        removed = new RemovedHosts(files);
        first = new HostCredentials(identity, removed, Clock.systemUTC());
        link = hosts.open(TestHosts.builder(first)
                .joinDesk(new JoinDesk(
                        () -> members,
                        JSON,
                        () -> Map.of("peers", "first"),
                        () -> Optional.of(files.foundSealingKey())))
                .service("test", (caller, method, request) -> CompletableFuture.completedFuture(request))
                .build());
    }

    @AfterEach
    void close() throws Exception {
        hosts.close();
    }

    private JoinAttempt attempt(String token, String hostId) {
        return new JoinAttempt(JoinToken.parse(token), hostId, hosts.files(hostId), JSON);
    }

    private JoinAttempt.Joined join(String token, String hostId) {
        return JoinClient.join(List.of(link.advertisedAddress()), attempt(token, hostId), PATIENCE);
    }

    private HostLink linkOf(HostIdentity identity) {
        return hosts.open(TestHosts.builder(new HostCredentials(
                        identity, new RemovedHosts(hosts.files(identity.hostId())), Clock.systemUTC()))
                .service("test", (caller, method, request) -> CompletableFuture.completedFuture(request))
                .build());
    }

    @Test
    void aHostWithATokenJoinsAndIsAHostLikeTheOthers() throws Exception {
        JoinAttempt.Joined joined = join(members.create("rack 2", 1, Duration.ofHours(1)), "second");

        assertThat(joined.facts()).isEqualTo(Map.of("peers", "first"));
        assertThat(hosts.files("second").load(Instant.now()))
                .map(HostIdentity::name)
                .hasValue(joined.identity().name());
        assertThat(hosts.files("second").loadSealingKey().orElseThrow().bytes())
                .isEqualTo(hosts.files("first").loadSealingKey().orElseThrow().bytes());
        HostLink second = linkOf(joined.identity());
        assertThat(second.call("first", link.advertisedAddress(), "test", "m", new byte[4], PATIENCE)
                        .get(20, TimeUnit.SECONDS))
                .hasSize(4);
        assertThat(link.call("second", second.advertisedAddress(), "test", "m", new byte[5], PATIENCE)
                        .get(20, TimeUnit.SECONDS))
                .hasSize(5);
    }

    @Test
    void theTokenIsNotGivenToAHostOfAnotherCluster() {
        ClusterAuthority other = ClusterAuthority.create(Instant.now());
        HostLink impostor = hosts.open(TestHosts.builder(new HostCredentials(
                        other.identify("first", Instant.now()),
                        new RemovedHosts(hosts.files("impostor")),
                        Clock.systemUTC()))
                .joinDesk(new JoinDesk(members, JSON, Map::of))
                .build());
        String token = members.create("", 1, Duration.ofHours(1));

        FlynnException refused = catchThrowableOfType(
                FlynnException.class,
                () -> JoinClient.join(List.of(impostor.advertisedAddress()), attempt(token, "second"), PATIENCE));
        assertThat(refused.code()).isEqualTo(ErrorCode.UNAUTHORIZED);
        assertThat(refused).hasMessageContaining("is not of the cluster that the join token is for");
        assertThat(members.list().get(0).uses()).isZero();
    }

    @Test
    void aHostWhoseAnswerWasLostAsksAgainAndUsesUpNothing() {
        String token = members.create("", 1, Duration.ofHours(1));
        new JoinDesk(members, JSON, Map::of).answer(attempt(token, "second").request());
        assertThat(members.isMember("second")).isTrue();

        assertThat(join(token, "second").identity().hostId()).isEqualTo("second");
        assertThat(members.list().get(0).uses()).isEqualTo(1);
        assertThat(directory.resolve("second").resolve("joining.pem")).doesNotExist();
    }

    @Test
    void whatIsNoRequestToJoinIsAnsweredWithARefusal() {
        var desk = new JoinDesk(members, JSON, Map::of);
        for (String request : List.of(
                "",
                "nonsense",
                "null",
                "[]",
                "{}",
                "{\"format\":2}",
                "{\"format\":1}",
                "{\"format\":1,\"token\":\"x\",\"host_id\":\"b\",\"request\":\"%%\"}",
                "x".repeat(JoinDesk.MAX_REQUEST_BYTES + 1))) {
            byte[] answer = desk.answer(request.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            assertThat(new String(answer, java.nio.charset.StandardCharsets.UTF_8))
                    .as(request)
                    .contains("\"code\":")
                    .doesNotContain("unknown_error");
        }
    }

    @Test
    void aRefusalArrivesWithItsReason() {
        String token = members.create("", 1, Duration.ofHours(1));
        members.revoke(members.list().get(0).id());

        FlynnException refused = catchThrowableOfType(FlynnException.class, () -> join(token, "second"));
        assertThat(refused.code()).isEqualTo(ErrorCode.UNAUTHORIZED);
        assertThat(refused).hasMessageContaining("it was revoked");
    }

    @Test
    void anAddressWhereNobodyAnswersIsSkipped() {
        String token = members.create("", 1, Duration.ofHours(1));

        assertThat(JoinClient.join(List.of("127.0.0.1:1", link.advertisedAddress()), attempt(token, "second"), PATIENCE)
                        .identity()
                        .hostId())
                .isEqualTo("second");
    }

    @Test
    void aRemovedHostIsHungUpOnAndNotLetInAgainUntilItJoinsAnew() throws Exception {
        String token = members.create("", 2, Duration.ofHours(1));
        HostLink second = linkOf(join(token, "second").identity());
        Subscription follows = removed.follow(members, link::hangUpOnRemoved);
        hosts.open(follows);
        second.call("first", link.advertisedAddress(), "test", "m", new byte[4], PATIENCE)
                .get(20, TimeUnit.SECONDS);

        members.remove("second");

        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                second.call("first", link.advertisedAddress(), "test", "m", new byte[4], PATIENCE))
                        .failsWithin(PATIENCE)
                        .withThrowableThat()
                        .withMessageContaining("host \"second\" was removed from the cluster"));
        second.close();
        HostLink anew = linkOf(join(token, "second").identity());
        assertThat(anew.call("first", link.advertisedAddress(), "test", "m", new byte[4], PATIENCE)
                        .get(20, TimeUnit.SECONDS))
                .hasSize(4);
    }

    @Test
    void requestsToJoinAreLimitedInRate() {
        MemoryClusterStore elsewhere = hosts.open(new MemoryClusterStore());
        var unknown = new ClusterMembers(new ClusterState(elsewhere, JSON, Clock.systemUTC()));
        unknown.found(hosts.files("first").loadAuthority().orElseThrow(), first.identity());
        String wrong = unknown.create("", 1, Duration.ofHours(1));
        HostLink inNoTime = hosts.open(TestHosts.builder(first)
                .joinDesk(new JoinDesk(members, JSON, () -> Map.of()))
                .strangersTime(() -> 0)
                .build());
        List<ErrorCode> codes = new ArrayList<>();
        for (int i = 0; i <= StrangerLimits.JOINS_IN_A_ROW; i++) {
            codes.add(catchThrowableOfType(
                            FlynnException.class,
                            () -> JoinClient.join(
                                    List.of(inNoTime.advertisedAddress()), attempt(wrong, "second"), PATIENCE))
                    .code());
        }
        assertThat(codes.subList(0, StrangerLimits.JOINS_IN_A_ROW)).containsOnly(ErrorCode.UNAUTHORIZED);
        assertThat(codes).endsWith(ErrorCode.RATE_LIMITED);
    }

    @Test
    void aHostThatLetsNobodyJoinSaysSo() {
        HostLink closed = hosts.open(TestHosts.builder(first).build());
        String token = members.create("", 1, Duration.ofHours(1));

        assertThat(catchThrowableOfType(
                        FlynnException.class,
                        () -> JoinClient.join(List.of(closed.advertisedAddress()), attempt(token, "second"), PATIENCE)))
                .hasMessageContaining("lets nobody join");
    }

    @Test
    void aProgramWaitsForAnAnswerThatTakesLongerThanSignsOfLife() {
        HostLink slow = hosts.open(TestHosts.builder(first)
                .deadAfter(Duration.ofMillis(200))
                .service(
                        "test",
                        (caller, method, request) -> CompletableFuture.supplyAsync(
                                () -> request, CompletableFuture.delayedExecutor(700, TimeUnit.MILLISECONDS)))
                .build());

        assertThat(LinkClient.call(first, "first", slow.advertisedAddress(), "test", "m", new byte[6], PATIENCE))
                .hasSize(6);
    }

    @Test
    void aProgramOnAHostCallsItsDaemonWithTheHostsIdentity() {
        assertThat(LinkClient.call(first, "first", link.advertisedAddress(), "test", "m", new byte[6], PATIENCE))
                .hasSize(6);
        assertThat(catchThrowableOfType(
                                FlynnException.class,
                                () -> LinkClient.call(
                                        first,
                                        "first",
                                        link.advertisedAddress(),
                                        "nothing",
                                        "m",
                                        new byte[6],
                                        PATIENCE))
                        .code())
                .isEqualTo(ErrorCode.NOT_FOUND);
    }

    @Test
    void tokensAreMadeListedAndRevokedFromAProgramOnAHost() {
        hosts.open(TokenService.serve(link, members, JSON));
        var admin = new RemoteTokenAdmin(first, link.advertisedAddress(), JSON);

        String token = admin.create("rack 2", 3, Duration.ofHours(2));
        assertThat(join(token, "second").identity().hostId()).isEqualTo("second");
        assertThat(admin.list()).isEqualTo(members.list()).hasSize(1);
        admin.revoke(admin.list().get(0).id());
        assertThat(admin.list().get(0).state()).isEqualTo(TokenInfo.State.REVOKED);
        assertThat(catchThrowableOfType(FlynnException.class, () -> admin.create("", 0, Duration.ofHours(2))))
                .hasMessageContaining("1 to 1000");
    }

    @Test
    void aServerThatIsNoLinkIsNamed() throws Exception {
        try (var server = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread closing = new Thread(() -> {
                try (Socket accepted = server.accept()) {
                    accepted.getOutputStream()
                            .write("HTTP/1.1 400 Bad Request\r\n\r\n"
                                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                } catch (java.io.IOException over) {
                    // the test is over
                }
            });
            closing.start();
            String token = members.create("", 1, Duration.ofHours(1));
            String address = TestHosts.text((InetSocketAddress) server.getLocalSocketAddress());

            assertThat(catchThrowableOfType(
                            FlynnException.class,
                            () -> JoinClient.join(List.of(address), attempt(token, "second"), PATIENCE)))
                    .hasMessageContaining(address);
            closing.join(20_000);
        }
    }
}
