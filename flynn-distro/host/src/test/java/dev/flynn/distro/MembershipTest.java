package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.backends.AppImageSettings;
import dev.flynn.distro.backends.NetworkSettings;
import dev.flynn.identity.JoinToken;
import dev.flynn.spi.container.Partitions;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.StoreMember;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hosts on addresses of loopback, each with its own data directory, as {@code flynn-host daemon} has them. */
@Timeout(120)
class MembershipTest {

    @TempDir
    Path directory;

    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    /** Of the hosts' links: a host that comes back has the address that it had. */
    private final Map<String, Integer> ports = new ConcurrentHashMap<>();

    @AfterEach
    void close() throws Exception {
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    /** A host that runs. */
    private record Host(Membership membership, DataDirectory data) implements AutoCloseable {
        @Override
        public void close() {
            membership.close();
            data.close();
        }

        String address() {
            return membership.link().advertisedAddress();
        }
    }

    private DaemonOptions options(String id, List<String> peers, Optional<JoinToken> token) {
        return new DaemonOptions(
                directory.resolve(id),
                Optional.of(id),
                "127.0.0.1",
                "127.0.0.1",
                ports.computeIfAbsent(id, host -> ListenPorts.anyFree("127.0.0.1")),
                OptionalInt.of(0),
                OptionalInt.of(0),
                ServerPort.usually(0),
                ServerPort.usually(0),
                ServerPort.usually(0),
                false,
                new RouterChoice("netty", Optional.empty(), OptionalInt.empty()),
                "process",
                NetworkSettings.defaults(),
                Partitions.DEFAULTS,
                AppImageSettings.DEFAULT,
                Map.of(),
                Optional.empty(),
                peers,
                token,
                Optional.empty());
    }

    private Host start(String id, List<String> peers, Optional<JoinToken> token) {
        DataDirectory data = DataDirectory.open(directory.resolve(id));
        try {
            var host = new Host(Membership.open(data, options(id, peers, token), new Foreground(), line -> {}), data);
            opened.push(host);
            return host;
        } catch (InterruptedException | RuntimeException e) {
            data.close();
            throw new CompletionException(e);
        }
    }

    private Host founder() {
        return start("first", List.of(), Optional.empty());
    }

    private static JoinToken token(Host host) {
        return JoinToken.parse(host.membership().members().create("", 5, Duration.ofHours(1)));
    }

    private Host joining(String id, Host through) {
        return start(id, List.of(through.address()), Optional.of(token(through)));
    }

    private void stop(Host host) {
        opened.remove(host);
        host.close();
    }

    private static void put(Host host, String key, String value) {
        host.membership().store().commit(Transaction.builder().put(key, value).build());
    }

    private static Optional<String> get(Host host, String key) {
        return host.membership().store().get(key).map(StoreEntry::value);
    }

    @Test
    void aHostThatIsToldOfNoOthersFoundsAClusterAndOthersJoinIt() {
        Host first = founder();
        put(first, "a", "1");

        Host second = joining("second", first);

        assertThat(second.membership().clusterId()).isEqualTo(first.membership().clusterId());
        assertThat(get(second, "a")).contains("1");
        assertThat(second.membership().addressOf("first")).contains(first.address());
        assertThat(second.membership().store().members())
                .extracting(StoreMember::role)
                .containsExactly(StoreMember.Role.VOTER, StoreMember.Role.LISTENER);
    }

    @Test
    void othersMayJoinByAnyHost() {
        Host first = founder();
        Host second = joining("second", first);

        Host third = joining("third", second);

        put(third, "a", "3");
        assertThat(get(first, "a")).contains("3");
    }

    @Test
    void aHostComesBackWithoutAToken() {
        Host first = founder();
        Host second = joining("second", first);
        stop(second);
        put(first, "a", "while it was away");

        Host again = start("second", List.of(), Optional.empty());

        assertThat(get(again, "a")).contains("while it was away");
    }

    @Test
    void aHostThatComesBackWithAnotherAddressTellsTheOthers() {
        Host first = founder();
        Host second = joining("second", first);
        String before = second.address();
        stop(second);
        ports.remove("second");

        Host moved = start("second", List.of(), Optional.empty());

        assertThat(moved.address()).isNotEqualTo(before);
        assertThat(first.membership().addressOf("second")).contains(moved.address());
        put(moved, "a", "1");
        assertThat(get(first, "a")).contains("1");
    }

    @Test
    void theOnlyHostMayComeBackWithAnotherAddressToo() {
        Host first = founder();
        put(first, "a", "1");
        String before = first.address();
        stop(first);
        ports.remove("first");

        Host moved = founder();

        assertThat(moved.address()).isNotEqualTo(before);
        assertThat(moved.membership().addressOf("first")).contains(moved.address());
        assertThat(get(moved, "a")).contains("1");
        assertThat(get(joining("second", moved), "a")).contains("1");
    }

    @Test
    void allHostsOffAtOnceComeBackInAnyOrder() {
        Host first = founder();
        Host second = joining("second", first);
        Host third = joining("third", first);
        for (String voter : List.of("second", "third")) {
            first.membership().store().promote(voter);
        }
        put(third, "a", "acknowledged");
        List.of(first, second, third).forEach(this::stop);

        CompletableFuture<Host> last = CompletableFuture.supplyAsync(() -> start("third", List.of(), Optional.empty()));
        Host back = start("first", List.of(), Optional.empty());

        assertThat(get(back, "a")).contains("acknowledged");
        assertThat(get(last.join(), "a")).contains("acknowledged");
    }

    @Test
    void withoutATokenNobodyJoins() {
        Host first = founder();

        assertThatThrownBy(() -> start("second", List.of(first.address()), Optional.empty()))
                .hasRootCauseInstanceOf(FlynnException.class)
                .rootCause()
                .hasMessageContaining("--join-token-file")
                .hasMessageContaining("flynn-host token create");
    }

    @Test
    void aTokenOfAnotherClusterLetsNobodyIn() {
        Host first = founder();
        Host other = start("other", List.of(), Optional.empty());

        assertThatThrownBy(() -> start("second", List.of(first.address()), Optional.of(token(other))))
                .rootCause()
                .hasMessageContaining("not of the cluster that the join token is for");
    }

    @Test
    void aHostKeepsItsId() {
        stop(founder());
        DataDirectory data = DataDirectory.open(directory.resolve("first"));

        try (data) {
            assertThatThrownBy(() -> Membership.open(
                            data, options("renamed", List.of(), Optional.empty()), new Foreground(), line -> {}))
                    .hasMessageContaining("is \"first\", not \"renamed\"");
        }
    }
}
