package dev.flynn.link.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.flynn.link.HostLink;
import dev.flynn.link.TestHosts;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.store.StorePeer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three replicas of the store on three hosts' links. */
class LinkPeerTransportTest {

    @TempDir
    Path directory;

    private final Map<String, ClusterStore> stores = new LinkedHashMap<>();

    private TestHosts hosts;

    @AfterEach
    void close() throws Exception {
        stores.values().forEach(ClusterStore::close);
        hosts.close();
    }

    @Test
    void aGroupWritesOverTheLinkAndGoesOnWithoutOneOfThem() throws Exception {
        hosts = new TestHosts(directory.resolve("hosts"));
        Map<String, HostLink> links = new LinkedHashMap<>();
        List<StorePeer> peers = new ArrayList<>();
        for (String id : List.of("a", "b", "c")) {
            HostLink link = hosts.open(hosts.builder(id).build());
            links.put(id, link);
            peers.add(new StorePeer(id, link.advertisedAddress()));
        }
        Map<String, CompletableFuture<ClusterStore>> opening = new LinkedHashMap<>();
        for (StorePeer peer : peers) {
            opening.put(
                    peer.id(),
                    CompletableFuture.supplyAsync(() -> RatisClusterStore.builder(directory.resolve(peer.id()))
                            .peer(peer, new LinkPeerTransport(links.get(peer.id())))
                            .cluster(hosts.authority().clusterId())
                            .found(peers)
                            .diskReserveBytes(0)
                            .build()));
        }
        for (var entry : opening.entrySet()) {
            stores.put(entry.getKey(), entry.getValue().get(60, TimeUnit.SECONDS));
        }

        put("b", "key", "1");
        assertThat(stores.get("c").get("key").map(StoreEntry::value)).hasValue("1");

        links.get("c").close();
        stores.remove("c").close();
        await().atMost(60, TimeUnit.SECONDS).ignoreExceptions().untilAsserted(() -> {
            put("a", "key", "2");
            assertThat(stores.get("b").get("key").map(StoreEntry::value)).hasValue("2");
        });
    }

    private void put(String at, String key, String value) {
        assertThat(stores.get(at)
                        .commit(Transaction.builder().put(key, value).build())
                        .committed())
                .isTrue();
    }
}
