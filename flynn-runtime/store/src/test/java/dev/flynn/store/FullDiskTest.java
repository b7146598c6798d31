package dev.flynn.store;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.Consistency;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A disk that is really full: a small file system of its own, which ends with the process that mounted it. */
@Timeout(120)
class FullDiskTest {

    private static final int DISK_MEGABYTES = 16;

    @TempDir
    Path directory;

    @Test
    void aFullDiskLosesNothingAndTheStoreGoesOnWhenThereIsRoom() throws Exception {
        assumeTrue(canMount(), "mounting a small disk needs root, unshare and mount");

        Process process =
                inMountNamespace("mount -t tmpfs -o size=%dm flynn-test '%s' && exec '%s' -Xmx128m -cp '%s' %s '%s'"
                        .formatted(
                                DISK_MEGABYTES,
                                directory,
                                Path.of(System.getProperty("java.home"), "bin", "java"),
                                System.getProperty("java.class.path"),
                                FullDiskTest.class.getName(),
                                directory));
        try {
            String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(said).contains("refused, went on, lost nothing");
        } finally {
            process.destroyForcibly().waitFor();
        }
    }

    private static boolean canMount() throws IOException, InterruptedException {
        Path probe = Files.createTempDirectory("probe");
        try {
            Process process = inMountNamespace("mount -t tmpfs flynn-test '" + probe + "'");
            process.getInputStream().readAllBytes();
            return process.waitFor() == 0;
        } catch (IOException noUnshare) {
            return false;
        } finally {
            Files.delete(probe);
        }
    }

    private static Process inMountNamespace(String script) throws IOException {
        return new ProcessBuilder("unshare", "--mount", "sh", "-c", script)
                .redirectErrorStream(true)
                .start();
    }

    /** Runs in the process that has the small disk. */
    public static void main(String[] arguments) throws Exception {
        Path disk = Path.of(arguments[0]);
        Path filler = disk.resolve("filler");
        Path data = disk.resolve("store");
        Map<String, Long> acknowledged = new HashMap<>();
        try (ClusterStore store =
                RatisClusterStore.builder(data).diskReserveBytes(0).build()) {
            put(store, "first", acknowledged);
            Files.write(filler, new byte[(DISK_MEGABYTES - 5) << 20]);

            FlynnException refusal = writeUntilRefused(store, acknowledged);
            assertThat(refusal.code()).isEqualTo(ErrorCode.SERVICE_UNAVAILABLE);
            assertThat(refusal).hasMessageContaining("No space left on device");
            assertThat(store.list("", Consistency.STALE).entries())
                    .extracting(StoreEntry::key)
                    .containsAll(acknowledged.keySet());

            Files.delete(filler);
            await().atMost(30, SECONDS).ignoreExceptions().until(() -> put(store, "after", acknowledged));
        }
        try (ClusterStore reopened = RatisClusterStore.builder(data).build()) {
            for (Map.Entry<String, Long> one : acknowledged.entrySet()) {
                assertThat(reopened.get(one.getKey()))
                        .map(StoreEntry::modRevision)
                        .contains(one.getValue());
            }
        }
        System.out.println("refused, went on, lost nothing");
    }

    private static FlynnException writeUntilRefused(ClusterStore store, Map<String, Long> acknowledged) {
        for (int i = 0; i < 1000; i++) {
            try {
                put(store, "key" + i, acknowledged);
            } catch (FlynnException refusal) {
                return refusal;
            }
        }
        throw new AssertionError("the disk did not become full");
    }

    private static boolean put(ClusterStore store, String key, Map<String, Long> acknowledged) {
        String value = "x".repeat(50_000);
        acknowledged.put(
                key, store.commit(Transaction.builder().put(key, value).build()).revision());
        return true;
    }
}
