package dev.flynn.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KilledProcessTest {

    @TempDir
    private Path temp;

    /** Opens an image, says so when some of it is unpacked, and goes no further. */
    static final class Child {

        private Child() {}

        public static void main(String[] args) throws IOException {
            PullListener stop = (image, layer, done, total) -> {
                System.out.println("half");
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            };
            ImageStore store = ImageStore.open(
                    Path.of(args[0]),
                    ImageSettings.DEFAULT.toBuilder()
                            .reserveBytes(0)
                            .listener(stop)
                            .build());
            store.open(TestImage.docker(args[1]), new JobId("host-1"));
        }
    }

    @Test
    void aProcessThatIsKilledWhileItUnpacksLeavesNothingToTheNext() throws Exception {
        byte[] random = new byte[4 << 20];
        new Random(1).nextBytes(random);
        TestImage image = TestImage.of(
                new LayerTar().file("a", "1").file("big", new String(random, StandardCharsets.ISO_8859_1)));
        JobSpec.Image layout = TestImage.write(image.layout("v1"), Files.createDirectory(temp.resolve("layout")), "v1");
        Path directory = temp.resolve("store");
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Child.class.getName(),
                        directory.toString(),
                        layout.uri())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (var out = new BufferedReader(new InputStreamReader(child.getInputStream(), UTF_8))) {
            assertThat(out.readLine()).isEqualTo("half");
            assertThat(directory.resolve("tmp")).isNotEmptyDirectory();
        } finally {
            child.destroyForcibly().waitFor();
        }
        Awaitility.await()
                .untilAsserted(() -> assertThat(commands()).noneMatch(line -> line.contains(directory.toString())));

        try (ImageStore store = ImageStore.open(
                directory, ImageSettings.DEFAULT.toBuilder().reserveBytes(0).build())) {
            assertThat(directory.resolve("tmp")).isEmptyDirectory();
            assertThat(directory.resolve("layers")).isEmptyDirectory();
            assertThat(store.usage().images()).isEmpty();
            assertThat(store.open(layout, new JobId("host-1")).layers().get(0).resolve("a"))
                    .hasContent("1");
        }
    }

    private static java.util.List<String> commands() {
        return ProcessHandle.allProcesses()
                .flatMap(process -> process.info().commandLine().stream())
                .toList();
    }
}
