package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.store.Transaction;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PauseMonitorTest {

    @TempDir
    Path directory;

    @Test
    void a_store_alone_has_none() throws Exception {
        var group = new ThreadGroup("alone");
        var names = new FutureTask<>(() -> {
            try (RatisClusterStore store = RatisClusterStore.builder(directory).build()) {
                store.commit(Transaction.builder().put("key", "value").build());
                return namesIn(group);
            }
        });
        new Thread(group, names).start();

        assertThat(names.get(60, TimeUnit.SECONDS))
                .as("Ratis' threads are in this group")
                .anyMatch(name -> name.endsWith("StateMachineUpdater"))
                .as("a new version of Ratis keeps its monitor elsewhere: look how to do without it there")
                .noneMatch(name -> name.startsWith("JvmPauseMonitor"));
    }

    private static List<String> namesIn(ThreadGroup group) {
        var threads = new Thread[group.activeCount() + 100];
        group.enumerate(threads);
        return Arrays.stream(threads)
                .filter(Objects::nonNull)
                .map(Thread::getName)
                .toList();
    }
}
