package dev.flynn.blobstore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.blob.BlobStore;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Copies on several hosts: made, found, made again, and deleted. */
@Timeout(60)
class ReplicatedBlobStoreTest {

    @TempDir
    Path directory;

    private BlobCluster cluster;

    @BeforeEach
    void open() {
        cluster = new BlobCluster(directory);
    }

    @AfterEach
    void close() {
        cluster.close();
    }

    private void start(Repair.Pace pace, String... hosts) {
        for (String host : hosts) {
            cluster.start(host, pace);
        }
    }

    private void put(String host, String key, String content) {
        try {
            var unused = cluster.node(host).blobs().put(key, "text/plain", stream(content));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ByteArrayInputStream stream(String content) {
        return new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8));
    }

    private Optional<String> get(String host, String key) {
        try {
            Optional<BlobStore.Blob> found = cluster.node(host).blobs().open(key);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            try (BlobStore.Blob blob = found.get()) {
                return Optional.of(new String(blob.content(0).readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** How many files a host keeps. */
    private long files(String host) {
        try (Stream<Path> files = Files.list(cluster.directory(host))) {
            return files.filter(Files::isRegularFile).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<String> holders(String key) {
        return new BlobTable(cluster.state).find(key).orElseThrow().hosts();
    }

    // ---- where objects are

    @Test
    void whatIsAcknowledgedIsOnSoManyHostsThatAnyMinorityMayBeLost() {
        start(BlobCluster.NEVER, "a", "b", "c");

        put("a", "slug", "bytes");

        assertThat(files("a") + files("b") + files("c")).isEqualTo(2);
        assertThat(holders("slug")).hasSize(2).contains("a");
    }

    @Test
    void everyHostServesWhatItHasNoCopyOf() {
        start(BlobCluster.NEVER, "a", "b", "c");
        put("a", "slug", "bytes");

        for (String host : List.of("a", "b", "c")) {
            assertThat(get(host, "slug")).contains("bytes");
        }
    }

    @Test
    void afterTheDeathOfAHolderNobodyKnowsOfYetOthersServe() {
        start(BlobCluster.NEVER, "a", "b", "c");
        put("a", "slug", "bytes");
        String reader = holders("slug").contains("b") ? "c" : "b";

        cluster.crash("a");

        assertThat(get(reader, "slug")).contains("bytes");
    }

    @Test
    void ifNoHostWithACopyLivesThatIsSaidWithTheirNames() {
        start(BlobCluster.NEVER, "a", "b", "c");
        put("a", "slug", "bytes");
        List<String> holders = holders("slug");
        String reader = Stream.of("a", "b", "c")
                .filter(host -> !holders.contains(host))
                .findFirst()
                .orElseThrow();

        holders.forEach(cluster::kill);

        assertThatThrownBy(() -> get(reader, "slug"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessageContainingAll(holders.toArray(String[]::new));
    }

    // ---- repair

    @Test
    void whatTheDeadKeptGetsAnotherCopyElsewhere() {
        start(BlobCluster.QUICK, "a", "b", "c", "d");
        put("a", "slug", "bytes");
        await().until(() -> holders("slug").size() == Replication.MAX_COPIES);
        String dead = holders("slug").stream()
                .filter(host -> !host.equals("a"))
                .findFirst()
                .orElseThrow();

        cluster.kill(dead);

        await().until(() ->
                holders("slug").stream().filter(host -> !host.equals(dead)).count() == Replication.MAX_COPIES);
        for (String host : List.of("a", "b", "c", "d")) {
            if (!host.equals(dead)) {
                await().until(() -> files(host) == 1);
            }
        }
    }

    @Test
    void whatWasStoredWhileAHostWasAloneIsCopiedWhenAnotherComes() {
        start(BlobCluster.QUICK, "a");
        put("a", "slug", "bytes");

        start(BlobCluster.QUICK, "b");

        await().until(() -> holders("slug").equals(List.of("a", "b")));
        cluster.kill("a");
        assertThat(get("b", "slug")).contains("bytes");
    }

    @Test
    void whatIsDeletedOrReplacedIsGoneFromAllHosts() {
        start(BlobCluster.QUICK, "a", "b", "c");
        put("a", "slug", "old");
        put("b", "slug", "new");
        await().untilAsserted(() -> {
            for (String host : List.of("a", "b", "c")) {
                assertThat(files(host)).isEqualTo(1);
                assertThat(get(host, "slug")).contains("new");
            }
        });

        cluster.node("c").blobs().delete("slug");

        await().until(() -> files("a") + files("b") + files("c") == 0);
    }

    @Test
    void aHostThatWasAwayBringsNothingBack() {
        start(BlobCluster.QUICK, "a", "b", "c");
        put("a", "slug", "bytes");
        await().until(() -> files("c") == 1);
        cluster.kill("c");
        cluster.node("a").blobs().delete("slug");

        start(BlobCluster.QUICK, "c");

        assertThat(get("c", "slug")).isEmpty();
        await().until(() -> files("c") == 0);
    }

    @Test
    void whatAHostKeptBeforeThereWereCopiesBelongsToTheCluster() throws IOException {
        try (var before = new FileBlobStore(cluster.directory("a"), Clock.systemUTC())) {
            var unused = before.put("slug", "text/plain", stream("bytes"));
        }

        start(BlobCluster.QUICK, "a", "b");

        await().until(() -> new BlobTable(cluster.state).find("slug").isPresent());
        assertThat(get("b", "slug")).contains("bytes");
        await().until(() -> files("a") == 1 && files("b") == 1);
    }

    // ---- puts that meet something

    @Test
    void ofManyPutsAtOnceOneIsThereInWhole() {
        start(BlobCluster.QUICK, "a", "b", "c");
        List<CompletableFuture<Void>> puts = new ArrayList<>();
        List<String> contents = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            String host = List.of("a", "b", "c").get(i % 3);
            String content = String.valueOf((char) ('a' + i)).repeat(50_000 + i);
            contents.add(content);
            puts.add(CompletableFuture.runAsync(() -> put(host, "slug", content)));
        }
        puts.forEach(CompletableFuture::join);

        String found = get("a", "slug").orElseThrow();
        assertThat(contents).contains(found);
        await().untilAsserted(() -> {
            for (String host : List.of("a", "b", "c")) {
                assertThat(get(host, "slug")).contains(found);
                assertThat(files(host)).isEqualTo(1);
            }
        });
    }

    @Test
    void aHostWithoutRoomIsPassedOver() {
        start(BlobCluster.NEVER, "a");
        cluster.start("full", BlobCluster.NEVER, Long.MAX_VALUE);
        start(BlobCluster.NEVER, "c");

        for (int i = 0; i < 5; i++) {
            put("a", "slug" + i, "bytes");
            assertThat(holders("slug" + i)).containsExactly("a", "c");
        }
        assertThat(files("full")).isZero();
    }

    @Test
    void aPutThatTooFewHostsCanTakeFailsAndLeavesNothing() {
        start(BlobCluster.NEVER, "a");
        cluster.start("full", BlobCluster.NEVER, Long.MAX_VALUE);

        assertThatThrownBy(() -> put("a", "slug", "bytes"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE))
                .hasMessageContainingAll("slug could be stored on 1 of the 2 hosts", "host full answered 507");
        assertThat(get("a", "slug")).isEmpty();
        assertThat(files("a") + files("full")).isZero();
    }
}
