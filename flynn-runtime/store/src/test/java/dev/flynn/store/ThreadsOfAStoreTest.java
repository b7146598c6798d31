package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

@Timeout(120)
@Isolated("looks at the threads of this process")
class ThreadsOfAStoreTest {

    @TempDir
    Path directory;

    @Test
    void leavesNoThreadBehind() {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        ClusterStore store = open();
        store.commit(Transaction.builder().put("a", "1").build());
        store.watch("", 0, change -> {});

        store.close();

        awaitOnly(before);
    }

    @Test
    void leavesNoThreadBehindWhenItCannotBeOpened() throws IOException {
        open().close();
        for (Path snapshot : snapshots()) {
            Files.writeString(snapshot, "no snapshot");
        }
        Set<Thread> before = Thread.getAllStackTraces().keySet();

        assertThatExceptionOfType(FlynnException.class).isThrownBy(this::open);

        awaitOnly(before);
    }

    private ClusterStore open() {
        return RatisClusterStore.builder(directory).build();
    }

    private List<Path> snapshots() throws IOException {
        try (Stream<Path> files = Files.walk(directory)) {
            return files.filter(file -> file.getFileName().toString().startsWith("snapshot."))
                    .toList();
        }
    }

    private static void awaitOnly(Set<Thread> before) {
        await().pollInSameThread()
                .atMost(10, TimeUnit.SECONDS)
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .filteredOn(thread -> !before.contains(thread))
                        .isEmpty());
    }
}
