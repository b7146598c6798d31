package dev.flynn.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.GZIPOutputStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {

    private static final JobId JOB = new JobId("host-1");
    private static final JobId OTHER = new JobId("host-2");

    @TempDir
    private Path temp;

    private Path directory;
    private ImageStore store;
    private ImageSettings settings =
            ImageSettings.DEFAULT.toBuilder().reserveBytes(0).build();

    @BeforeEach
    void openStore() throws IOException {
        directory = temp.resolve("store");
        store = ImageStore.open(directory, settings);
    }

    @AfterEach
    void closeStore() throws IOException {
        store.close();
    }

    @Test
    void anImageOfALayoutIsUnpackedTopmostLayerFirst() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "low"), new LayerTar().file("a", "high"));
        UnpackedImage unpacked = store.open(layout(image, "v1"), JOB);

        assertThat(unpacked.layers()).hasSize(2);
        assertThat(unpacked.layers().get(0).resolve("a")).hasContent("high");
        assertThat(unpacked.layers().get(1).resolve("a")).hasContent("low");
        assertThat(unpacked.config())
                .isEqualTo(new ImageConfig(
                        List.of("/bin/app"),
                        List.of("--serve"),
                        Map.of("PATH", "/bin", "A", "b=c"),
                        "/srv",
                        "1000:1000"));
    }

    @Test
    void layersMayBeGzipZstdOrNotCompressed() throws IOException {
        var image = new TestImage()
                .layer(new LayerTar().file("gzip", "1").bytes(), LayerTar::gzip)
                .layer(new LayerTar().file("zstd", "2").bytes(), LayerTar::zstd)
                .layer(new LayerTar().file("plain", "3").bytes(), plain -> plain)
                .layer(new LayerTar().file("twoMembers", "4").bytes(), ImageStoreTest::twoGzipMembers);
        List<Path> layers = store.open(layout(image, ""), JOB).layers();

        assertThat(layers.get(3).resolve("gzip")).hasContent("1");
        assertThat(layers.get(2).resolve("zstd")).hasContent("2");
        assertThat(layers.get(1).resolve("plain")).hasContent("3");
        assertThat(layers.get(0).resolve("twoMembers")).hasContent("4");
    }

    private static byte[] twoGzipMembers(byte[] plain) {
        byte[] first = LayerTar.gzip(java.util.Arrays.copyOf(plain, 100));
        byte[] second = LayerTar.gzip(java.util.Arrays.copyOfRange(plain, 100, plain.length));
        var both = new ByteArrayOutputStream();
        both.writeBytes(first);
        both.writeBytes(second);
        return both.toByteArray();
    }

    @Test
    void layersAreSharedBetweenImagesAndJobs() throws IOException {
        var base = new LayerTar().file("base", "base");
        TestImage one = TestImage.of(base, new LayerTar().file("one", "1"));
        TestImage two = TestImage.of(base, new LayerTar().file("two", "2"));
        List<Path> first = store.open(layout(one, "one"), JOB).layers();
        List<Path> second = store.open(layout(two, "two"), OTHER).layers();

        assertThat(second.get(1)).isEqualTo(first.get(1));
        assertThat(second.get(0)).isNotEqualTo(first.get(0));
        assertThat(directory.resolve("layers").toFile().list()).hasSize(3);
    }

    @Test
    void aLayerThatAnImageHasTwiceIsGivenOnce() throws IOException {
        var empty = new LayerTar();
        TestImage image = TestImage.of(empty, new LayerTar().file("a", "x"), new LayerTar());

        assertThat(store.open(layout(image, ""), JOB).layers()).hasSize(2).doesNotHaveDuplicates();
    }

    @Test
    void anImageWithoutLayersIsAnEmptyDirectory() throws IOException {
        assertThat(store.open(layout(new TestImage(), ""), JOB).layers())
                .singleElement()
                .satisfies(layer -> assertThat(layer).isEmptyDirectory());
    }

    @Test
    void anArchiveOfDockerIsReadWhereItIs() throws IOException {
        var image = new TestImage()
                .layer(new LayerTar().file("a", "low").bytes(), plain -> plain)
                .layer(new LayerTar().file("a", "high").bytes(), plain -> plain);
        Path archive = tar(image.dockerArchive("team/app:v1"));

        List<Path> layers = store.open(docker("docker-archive:" + archive), JOB).layers();
        assertThat(layers.get(0).resolve("a")).hasContent("high");
        assertThat(store.open(docker("docker-archive:" + archive + ":team/app:v1"), OTHER)
                        .layers())
                .isEqualTo(layers);
        assertThat(store.open(docker("file://" + archive), OTHER).layers()).isEqualTo(layers);
        assertThatThrownBy(() -> store.open(docker("docker-archive:" + archive + ":team/app:v2"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("team/app:v1");
    }

    @Test
    void aLayoutMayBeInAnArchiveThatIsCompressed() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        Path archive = temp.resolve("image.tar.gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(archive))) {
            TestImage.writeTar(image.layout("v1"), out);
        }

        assertThat(store.open(docker("oci-archive:" + archive + ":v1"), JOB).layers())
                .singleElement()
                .satisfies(layer -> assertThat(layer.resolve("a")).hasContent("x"));
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
    }

    @Test
    void anArchiveBehindAUrlIsFetchedOnceByTheOpenerOfTheHost() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        var tar = new ByteArrayOutputStream();
        TestImage.writeTar(image.dockerArchive("app:latest"), tar);
        var asked = new ArrayList<String>();
        reopen(settings.toBuilder()
                .archives(url -> {
                    asked.add(url.toString());
                    return new ByteArrayInputStream(tar.toByteArray());
                })
                .build());
        JobSpec.Image uri = docker("http://blobstore.discoverd/image.tar");

        assertThat(store.open(uri, JOB).layers().get(0).resolve("a")).hasContent("x");
        store.open(uri, OTHER);
        assertThat(asked).containsExactly("http://blobstore.discoverd/image.tar");
    }

    @Test
    void anArchiveThatBreaksOffIsFetchedAgain() throws IOException {
        byte[] archive = tarOf(TestImage.of(new LayerTar().file("a", "x")));
        var attempts = new AtomicInteger();
        reopen(settings.toBuilder()
                .retryPause(Duration.ofMillis(1))
                .archives(url -> {
                    int length = attempts.incrementAndGet() == 1 ? archive.length / 2 : archive.length;
                    return new WholeInputStream(new ByteArrayInputStream(archive, 0, length), archive.length);
                })
                .build());

        assertThat(store.open(docker("http://blobstore.discoverd/app.tar"), JOB)
                        .layers()
                        .get(0)
                        .resolve("a"))
                .hasContent("x");
        assertThat(attempts).hasValue(2);
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
    }

    @Test
    void theImageForThisMachineIsChosen() throws IOException {
        TestImage ours = TestImage.of(new LayerTar().file("a", "ours"));
        TestImage theirs = TestImage.of(new LayerTar().file("a", "theirs")).architecture("s390x");
        Path layout = Files.createDirectory(temp.resolve("layout"));
        JobSpec.Image image = TestImage.write(TestImage.multiPlatform("v1", List.of(theirs, ours)), layout, "v1");

        assertThat(store.open(image, JOB).layers().get(0).resolve("a")).hasContent("ours");
    }

    @Test
    void anImageThatIsNotThereForThisMachineSaysForWhichItIs() throws IOException {
        TestImage one = TestImage.of(new LayerTar()).architecture("s390x");
        TestImage two = TestImage.of(new LayerTar()).architecture("riscv64");
        Path layout = Files.createDirectory(temp.resolve("layout"));
        JobSpec.Image several = TestImage.write(TestImage.multiPlatform("v1", List.of(one, two)), layout, "v1");

        assertThatThrownBy(() -> store.open(several, JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is not there for " + Platform.current())
                .hasMessageContaining("linux/s390x, linux/riscv64");
        assertThatThrownBy(() -> store.open(layout(one, "single"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is for linux/s390x; this host is " + Platform.current());
    }

    @Test
    void aTagThatALayoutDoesNotHaveSaysWhatThereIs() throws IOException {
        JobSpec.Image image = layout(TestImage.of(new LayerTar()), "v1");

        assertThatThrownBy(() -> store.open(docker(image.uri().replace(":v1", ":v2")), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("v2 does not exist; there is v1");
        assertThatThrownBy(() -> store.open(docker("oci:" + temp.resolve("nowhere")), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("there is no " + temp.resolve("nowhere"));
    }

    @Test
    void aTagThatMovesIsSeenByTheNextJobAndNotByThoseThatHoldIt() throws IOException {
        Path layout = Files.createDirectory(temp.resolve("layout"));
        TestImage old = TestImage.of(new LayerTar().file("a", "old"));
        JobSpec.Image image = TestImage.write(old.layout("v1"), layout, "v1");
        assertThat(store.open(image, JOB).layers().get(0).resolve("a")).hasContent("old");

        TestImage.write(TestImage.of(new LayerTar().file("a", "newer")).layout("v1"), layout, "v1");

        assertThat(store.open(image, OTHER).layers().get(0).resolve("a")).hasContent("newer");
        assertThat(store.open(image, JOB).layers().get(0).resolve("a")).hasContent("old");
    }

    @Test
    void aBlobWithAnotherContentIsRefused() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        Map<String, byte[]> files = image.layout("v1");
        String forged = files.keySet().stream()
                .filter(name -> name.startsWith("blobs") && isGzip(files.get(name)))
                .findFirst()
                .orElseThrow();
        byte[] other = LayerTar.gzip(new LayerTar().file("a", "y").bytes());
        byte[] padded = java.util.Arrays.copyOf(other, files.get(forged).length);
        files.put(forged, padded);
        Path layout = Files.createDirectory(temp.resolve("layout"));

        refused(TestImage.write(files, layout, "v1"), "damaged");
    }

    @Test
    void aManifestOrConfigurationWithAnotherContentIsRefused() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        Map<String, byte[]> files = image.layout("v1");
        String config = "blobs/sha256/" + image.id().substring(7);
        files.put(config, (new String(files.get(config), java.nio.charset.StandardCharsets.UTF_8) + " ").getBytes());
        refused(TestImage.write(files, Files.createDirectory(temp.resolve("l")), "v1"), "damaged or forged");
    }

    @Test
    void aLayerWhoseArchiveIsNotWhatTheConfigurationSaysIsRefused() throws IOException {
        byte[] plain = new LayerTar().file("a", "x").bytes();
        Digest other = Digest.of("something else".getBytes());
        refused(layout(new TestImage().layer(LayerTar.gzip(plain), other), ""), "damaged or forged");
    }

    @Test
    void aTruncatedLayerIsRefused() throws IOException {
        byte[] plain = new LayerTar().file("a", "x".repeat(100_000)).bytes();
        byte[] packed = LayerTar.gzip(plain);
        byte[] half = java.util.Arrays.copyOf(packed, packed.length / 2);
        refused(layout(new TestImage().layer(half, Digest.of(plain)), ""), "");
    }

    @Test
    void aLayerOfAnotherCompressionIsRefused() throws IOException {
        byte[] xz = new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0, 0, 0, 0, 0};
        refused(layout(new TestImage().layer(xz, Digest.of(xz)), ""), "compressed with xz");
    }

    @Test
    void aBombIsRefusedWithoutUnpackingIt() throws IOException {
        reopen(settings.toBuilder().maxLayerBytes(1 << 20).maxLayerEntries(1000).build());
        byte[] bomb = new LayerTar().file("zeros", "0".repeat(20 << 20)).bytes();
        assertThat(LayerTar.gzip(bomb)).hasSizeLessThan(100_000);

        refused(layout(new TestImage().layer(bomb, LayerTar::gzip), ""), "more than 1 MB");
    }

    @Test
    void zerosWithoutEndAfterAnArchiveAreRefused() throws IOException {
        reopen(settings.toBuilder().maxLayerBytes(1 << 10).maxLayerEntries(1000).build());
        byte[] zeros = java.util.Arrays.copyOf(new LayerTar().bytes(), 80 << 20);

        refused(layout(new TestImage().layer(zeros, LayerTar::gzip), ""), "more than the");
    }

    @Test
    void manyJobsThatWantAnImageFetchItOnce() throws Exception {
        byte[] tar = tarOf(TestImage.of(new LayerTar().file("a", "x")));
        var fetched = new AtomicInteger();
        var begun = new CountDownLatch(1);
        var goOn = new CountDownLatch(1);
        reopen(settings.toBuilder()
                .archives(url -> {
                    fetched.incrementAndGet();
                    begun.countDown();
                    await(goOn);
                    return new ByteArrayInputStream(tar);
                })
                .build());
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            List<Future<UnpackedImage>> jobs = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                JobId job = new JobId("host-many" + i);
                jobs.add(threads.submit(() -> store.open(docker("http://example.com/image.tar"), job)));
            }
            await(begun);
            goOn.countDown();
            for (Future<UnpackedImage> job : jobs) {
                assertThat(job.get().layers()).hasSize(1);
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(fetched).hasValue(1);
        assertThat(store.usage().images())
                .singleElement()
                .satisfies(image -> assertThat(image.holders()).hasSize(8));
    }

    @Test
    void thatOneIsInterruptedDoesNotFailTheOthers() throws Exception {
        byte[] tar = tarOf(TestImage.of(new LayerTar().file("a", "x")));
        var first = new CountDownLatch(1);
        var calls = new AtomicInteger();
        reopen(settings.toBuilder()
                .archives(url -> {
                    if (calls.incrementAndGet() == 1) {
                        first.countDown();
                        await(new CountDownLatch(1));
                    }
                    return new ByteArrayInputStream(tar);
                })
                .build());
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            Future<UnpackedImage> interrupted =
                    threads.submit(() -> store.open(docker("http://example.com/image.tar"), JOB));
            await(first);
            var waiting = new Thread[1];
            Future<UnpackedImage> other = threads.submit(() -> {
                waiting[0] = Thread.currentThread();
                return store.open(docker("http://example.com/image.tar"), OTHER);
            });
            Awaitility.await().until(() -> waiting[0] != null && waiting[0].getState() == Thread.State.WAITING);
            interrupted.cancel(true);

            assertThat(other.get().layers()).hasSize(1);
        } finally {
            threads.shutdownNow();
        }
        assertThat(store.usage().images().get(0).holders()).containsExactly(OTHER);
    }

    @Test
    void anInterruptedUnpackLeavesNothing() throws Exception {
        byte[] layer = new LayerTar().file("a", "x".repeat(10_000)).bytes();
        var pipe = new PipedOutputStream();
        var in = new PipedInputStream(pipe, 1 << 16);
        reopen(settings.toBuilder().archives(url -> in).build());
        ExecutorService threads = Executors.newCachedThreadPool();
        try {
            Future<?> job = threads.submit(() -> store.open(docker("http://example.com/image.tar"), JOB));
            pipe.write(layer, 0, 5000);
            pipe.flush();
            Awaitility.await().until(() -> in.available() == 0);
            job.cancel(true);
            Awaitility.await()
                    .until(() -> Files.list(directory.resolve("tmp")).findAny().isEmpty());
        } finally {
            threads.shutdownNow();
        }
        assertThat(directory.resolve("layers")).isEmptyDirectory();
        assertThat(store.usage().images()).isEmpty();
    }

    @Test
    void whatAKilledProcessLeftIsGoneAndTheRestIsThere() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        JobSpec.Image uri = layout(image, "v1");
        UnpackedImage before = store.open(uri, JOB);
        store.close();
        Files.createDirectories(directory.resolve("tmp/layer123/fs/half"));
        Files.writeString(directory.resolve("tmp/blob1.part"), "half");
        Files.createDirectories(directory.resolve("layers/deadbeef/fs"));
        store = ImageStore.open(directory, settings);

        assertThat(directory.resolve("tmp")).isEmptyDirectory();
        assertThat(directory.resolve("layers/deadbeef")).doesNotExist();
        assertThat(store.open(uri, JOB)).isEqualTo(before);
        assertThat(store.usage().images().get(0).holders()).containsExactly(JOB);
    }

    @Test
    void aLayerThatSomebodyDeletedIsFetchedAgain() throws IOException {
        JobSpec.Image image = layout(TestImage.of(new LayerTar().file("a", "x")), "v1");
        Path layer = store.open(image, JOB).layers().get(0);
        // the store may still be writing to it
        Awaitility.await().ignoreExceptions().until(() -> {
            StoreFiles.delete(layer.getParent());
            return true;
        });

        assertThat(store.open(image, JOB).layers().get(0).resolve("a")).hasContent("x");
    }

    @Test
    void whatIsHeldIsNeverCollected() throws IOException {
        reopen(settings.toBuilder().retention(Duration.ZERO).maxBytes(1).build());
        JobSpec.Image image = layout(TestImage.of(new LayerTar().file("a", "x")), "v1");
        UnpackedImage held = store.open(image, JOB);
        store.open(image, OTHER);
        store.release(OTHER);
        store.collect();
        assertThat(held.layers().get(0).resolve("a")).hasContent("x");

        store.release(JOB);
        assertThat(store.collect()).isPositive();
        assertThat(held.layers().get(0)).doesNotExist();
        assertThat(store.usage()).isEqualTo(new DiskUsage(0, 0, List.of()));
        assertThat(directory.resolve("layers")).isEmptyDirectory();
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
    }

    @Test
    void anImageThatNobodyHoldsStaysForItsRetention() throws IOException {
        JobSpec.Image image = layout(TestImage.of(new LayerTar().file("a", "x")), "v1");
        Path layer = store.open(image, JOB).layers().get(0);
        store.release(JOB);
        assertThat(store.collect()).isZero();
        assertThat(layer).exists();

        unused(Duration.ofDays(8));
        assertThat(store.collect()).isPositive();
        assertThat(layer).doesNotExist();
    }

    @Test
    void theLeastRecentlyUsedMakesRoomFirstAndSharedLayersStay() throws IOException {
        var base = new LayerTar().file("base", "b".repeat(200_000));
        JobSpec.Image old = layout(TestImage.of(base, new LayerTar().file("old", "o".repeat(100_000))), "old");
        JobSpec.Image recent = layout(TestImage.of(base, new LayerTar().file("new", "n".repeat(100_000))), "new");
        store.pull(old, PullListener.NONE);
        unused(Duration.ofHours(1));
        String kept = store.pull(recent, PullListener.NONE);
        reopen(settings.toBuilder()
                .retention(Duration.ofDays(1))
                .maxBytes(350_000)
                .build());
        store.collect();

        assertThat(store.usage().images())
                .singleElement()
                .satisfies(image -> assertThat(image.id()).isEqualTo(kept));
        assertThat(store.usage().layerBytes()).isBetween(300_000L, 350_000L);
    }

    @Test
    void whatSomebodyNeedsIsFreedAtOnceButNothingThatIsHeld() throws IOException {
        JobSpec.Image held = layout(TestImage.of(new LayerTar().file("held", "x")), "held");
        JobSpec.Image idle = layout(TestImage.of(new LayerTar().file("idle", "x")), "idle");
        Path heldLayer = store.open(held, JOB).layers().get(0);
        store.pull(idle, PullListener.NONE);

        assertThat(store.collect(new CollectPolicy(Duration.ofDays(7), 0, 0))).isZero();
        assertThat(store.collect(new CollectPolicy(Duration.ofDays(7), 0, 1))).isPositive();
        assertThat(store.collect(CollectPolicy.ALL)).isZero();
        assertThat(heldLayer.resolve("held")).exists();
        assertThat(store.usage().images()).hasSize(1);
    }

    @Test
    void anImageIsRemovedByNameOrIdUnlessAJobNeedsIt() throws IOException {
        var low = new LayerTar().file("low", "x");
        JobSpec.Image one = layout(TestImage.of(low, new LayerTar().file("one", "1")), "one");
        JobSpec.Image two = layout(TestImage.of(low, new LayerTar().file("two", "2")), "two");
        Path shared = store.open(one, JOB).layers().get(1);
        String id = store.pull(two, PullListener.NONE);

        assertThatThrownBy(() -> store.remove(one.uri()))
                .isInstanceOf(FlynnException.class)
                .hasMessageContaining("jobs need the image")
                .hasMessageContaining(JOB.value());
        assertThatThrownBy(() -> store.remove("oci:/nowhere"))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OBJECT_NOT_FOUND));
        assertThat(store.remove(id.substring(0, "sha256:".length() + 12))).isPositive();
        assertThat(store.usage().images()).hasSize(1);
        assertThat(shared.resolve("low")).exists();
        store.release(JOB);
        assertThat(store.remove(one.uri())).isPositive();
        assertThat(directory.resolve("layers")).isEmptyDirectory();
    }

    @Test
    void anImageWithSeveralNamesLosesTheOneThatIsRemoved() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        JobSpec.Image first = layout(image, "v1");
        JobSpec.Image second = layout(image, "v1");
        store.open(first, JOB);
        store.pull(second, PullListener.NONE);

        assertThat(store.remove(first.uri())).isZero();
        reopen(settings);
        assertThat(store.usage().images())
                .singleElement()
                .satisfies(one -> assertThat(one.names()).containsExactly(second.uri()));
    }

    @Test
    void retainReleasesWhatJobsHoldThatAreGone() throws IOException {
        JobSpec.Image image = layout(TestImage.of(new LayerTar()), "v1");
        store.open(image, JOB);
        store.open(image, OTHER);
        store.close();
        store = ImageStore.open(directory, settings);
        store.retain(Set.of(OTHER, new JobId("host-unknown")));

        assertThat(store.usage().images().get(0).holders()).containsExactly(OTHER);
    }

    @Test
    void aNameOfAJobCannotLeadOutOfTheStore() throws IOException {
        JobId job = new JobId("host-../../../escaped");
        store.open(layout(TestImage.of(new LayerTar()), "v1"), job);
        reopen(settings);

        assertThat(store.usage().images().get(0).holders()).containsExactly(job);
        assertThat(temp.resolve("escaped")).doesNotExist();
    }

    @Test
    void usageTellsOfImagesTheirNamesAndBytes() throws IOException {
        JobSpec.Image image = layout(TestImage.of(new LayerTar().file("a", "x".repeat(9000))), "v1");
        store.open(image, JOB);
        DiskUsage usage = store.usage();

        assertThat(usage.layerBytes()).isEqualTo(12288);
        assertThat(usage.blobBytes()).isPositive();
        assertThat(usage.images()).singleElement().satisfies(one -> {
            assertThat(one.names()).containsExactly(image.uri());
            assertThat(one.bytes()).isEqualTo(12288);
            assertThat(one.lastUsed()).isBeforeOrEqualTo(Instant.now());
        });
    }

    @Test
    void aPullTellsHowFarItIs() throws IOException {
        byte[] random = new byte[3 << 20];
        new java.util.Random(1).nextBytes(random);
        var big = new LayerTar().file("big", new String(random, java.nio.charset.StandardCharsets.ISO_8859_1));
        List<Long> done = Collections.synchronizedList(new ArrayList<>());
        var totals = Collections.synchronizedSet(new java.util.HashSet<Long>());
        store.pull(layout(TestImage.of(big), ""), (image, layer, bytes, total) -> {
            done.add(bytes);
            totals.add(total);
        });

        assertThat(totals).hasSize(1);
        assertThat(done)
                .isSorted()
                .hasSizeGreaterThan(2)
                .endsWith(totals.iterator().next());
        assertThat(done).doesNotHaveDuplicates();
    }

    @Test
    void aPullTellsWhichLayersWereHere() throws IOException {
        var base = new LayerTar().file("base", "x");
        store.pull(layout(TestImage.of(base), "base"), PullListener.NONE);
        List<Boolean> fetched = new ArrayList<>();
        store.pull(layout(TestImage.of(base, new LayerTar().file("more", "x")), "more"), new PullListener() {
            @Override
            public void progress(String image, String layer, long done, long total) {
                // another test
            }

            @Override
            public void ready(String image, String layer, boolean now) {
                fetched.add(now);
            }
        });

        assertThat(fetched).containsExactly(false, true);
    }

    @Test
    void aManifestInADirectoryCannotNameFilesOutsideOfIt() throws IOException {
        TestImage image = TestImage.of(new LayerTar().file("a", "x"));
        Map<String, byte[]> files = image.dockerArchive("app:v1");
        Path secret = temp.resolve("secret.json");
        Files.write(secret, image.config());
        for (String name : List.of("../secret.json", secret.toString())) {
            files.put(
                    "manifest.json",
                    "[{\"Config\":\"%s\",\"Layers\":[]}]".formatted(name).getBytes());
            Path layout = Files.createTempDirectory(temp, "layout");
            files.put("index.json", "{}".getBytes());
            refused(TestImage.write(files, layout, ""), "has no");
        }
    }

    @Test
    void aLayerThatDockerLinkedToIsFound() throws Exception {
        var image = new TestImage().layer(new LayerTar().file("a", "x").bytes(), plain -> plain);
        Map<String, byte[]> files = image.dockerArchive("app:v1");
        Path directory = Files.createTempDirectory(temp, "saved");
        TestImage.write(files, directory, "");
        Path layer = directory.resolve(files.keySet().iterator().next());
        Path real = Files.createDirectory(directory.resolve("real"));
        Files.move(layer, real.resolve("layer.tar"));
        Files.createSymbolicLink(layer, Path.of("../real/layer.tar"));
        Path archive = temp.resolve("saved.tar");
        LayerUnpackerTest.run("sh", "-c", "cd %s && tar -cf %s *".formatted(directory, archive));

        assertThat(store.open(docker("docker-archive:" + archive), JOB)
                        .layers()
                        .get(0)
                        .resolve("a"))
                .hasContent("x");
    }

    @Test
    void whatIsNotAFileIsNoArchive() {
        assertThatThrownBy(() -> store.open(docker("docker-archive:/dev/zero"), JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a file");
    }

    @Test
    void moreLayersThanCanBeLaidOverEachOtherAreRefused() throws IOException {
        var image = new TestImage();
        for (int i = 0; i < 128; i++) {
            image.layer(new LayerTar().file("f" + i, "").bytes(), plain -> plain);
        }
        refused(layout(image, ""), "128 layers");
    }

    @Test
    void whenTheDiskHasNoRoomWhatNobodyNeedsGoesAndWhatIsHeldStays() throws IOException {
        JobSpec.Image held = layout(TestImage.of(new LayerTar().file("held", "x")), "held");
        JobSpec.Image idle = layout(TestImage.of(new LayerTar().file("idle", "x")), "idle");
        Path heldLayer = store.open(held, JOB).layers().get(0);
        Path idleLayer = store.open(idle, OTHER).layers().get(0);
        store.release(OTHER);
        reopen(settings.toBuilder().reserveBytes(Long.MAX_VALUE / 2).build());

        JobSpec.Image more = layout(TestImage.of(new LayerTar().file("more", "x")), "more");
        assertThatThrownBy(() -> store.open(more, OTHER))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("reserved for the platform");
        assertThat(idleLayer).doesNotExist();
        assertThat(heldLayer.resolve("held")).exists();
        assertThat(store.open(held, OTHER).layers()).containsExactly(heldLayer);
    }

    @Test
    void aLayerThatWasNotOnTheDiskWhenTheMachineStoppedIsFetchedAgain() throws IOException {
        JobSpec.Image image = layout(TestImage.of(new LayerTar().file("a", "x")), "v1");
        Path home = store.open(image, JOB).layers().get(0).getParent();
        Awaitility.await().until(() -> Files.exists(home.resolve("durable")));
        reopen(settings);
        assertThat(home.resolve("fs/a")).exists();

        Files.delete(home.resolve("durable"));
        Path description = home.resolve("layer.json");
        Files.writeString(
                description, Files.readString(description).replaceAll("\"boot\":\"[^\"]*\"", "\"boot\":\"another\""));
        reopen(settings);
        assertThat(home).doesNotExist();
        assertThat(store.open(image, JOB).layers().get(0).resolve("a")).hasContent("x");
    }

    @Test
    void aConfigurationThatIsNotWholeIsFetchedAgain() throws IOException {
        TestImage made = TestImage.of(new LayerTar().file("a", "x"));
        JobSpec.Image image = layout(made, "v1");
        store.open(image, JOB);
        Files.write(directory.resolve("blobs/sha256/" + made.id().substring(7)), new byte[0]);
        reopen(settings);

        assertThat(store.open(image, JOB).config().user()).isEqualTo("1000:1000");
    }

    @Test
    void aStoreBelongsToOneProcess() {
        assertThatThrownBy(() -> ImageStore.open(directory))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("open already");
    }

    @Test
    void whatIsNoUriOfAnImageIsRefusedWithTheFormsThatAre() {
        for (String uri :
                List.of("", "busybox", "ftp://x/y", "oci:relative", "docker://host.example/UPPER", "docker:///")) {
            assertThatThrownBy(() -> ImageUris.check(docker(uri)))
                    .as(uri)
                    .isInstanceOfSatisfying(
                            FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.VALIDATION))
                    .hasMessageContaining("is not the URI of an image");
        }
        assertThatThrownBy(() -> ImageUris.check(new JobSpec.Image("host", "host:slugrunner")))
                .hasMessageContaining("of type \"host\"");
    }

    @Test
    void archivesMadeBySkopeoAreRead() throws Exception {
        assumeTrue(Files.exists(Path.of("/usr/bin/skopeo")), "needs skopeo");
        Path layout = Files.createDirectory(temp.resolve("layout"));
        TestImage image = TestImage.of(new LayerTar().file("a", "low"), new LayerTar().file("a", "high"));
        String source = TestImage.write(image.layout("v1"), layout, "v1").uri();
        for (String target : List.of(
                "docker-archive:" + temp + "/d.tar:team/app:v1",
                "oci-archive:" + temp + "/o.tar:v1",
                "oci:" + temp + "/copy:v1")) {
            assertThat(LayerUnpackerTest.run("skopeo", "--insecure-policy", "copy", "-q", source, target))
                    .isEmpty();
            List<Path> layers = store.open(docker(target), new JobId("host-" + target.length()))
                    .layers();
            assertThat(layers.get(0).resolve("a")).hasContent("high");
            assertThat(layers.get(1).resolve("a")).hasContent("low");
        }
        assertThat(directory.resolve("layers").toFile().list()).hasSize(2);
    }

    private void refused(JobSpec.Image image, String why) throws IOException {
        assertThatThrownBy(() -> store.open(image, JOB))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);
        assertThat(directory.resolve("layers")).isEmptyDirectory();
        assertThat(directory.resolve("tmp")).isEmptyDirectory();
        assertThat(store.usage().images()).isEmpty();
    }

    private void unused(Duration time) throws IOException {
        store.close();
        try (var images = Files.newDirectoryStream(directory.resolve("images"))) {
            for (Path image : images) {
                Files.setLastModifiedTime(image, FileTime.from(Instant.now().minus(time)));
            }
        }
        store = ImageStore.open(directory, settings);
    }

    private void reopen(ImageSettings other) throws IOException {
        store.close();
        settings = other;
        store = ImageStore.open(directory, settings);
    }

    private JobSpec.Image layout(TestImage image, String tag) throws IOException {
        return TestImage.write(image.layout(tag), Files.createTempDirectory(temp, "layout"), tag);
    }

    private Path tar(Map<String, byte[]> files) throws IOException {
        Path file = Files.createTempFile(temp, "image", ".tar");
        try (OutputStream out = Files.newOutputStream(file)) {
            TestImage.writeTar(files, out);
        }
        return file;
    }

    private static byte[] tarOf(TestImage image) throws IOException {
        var tar = new ByteArrayOutputStream();
        TestImage.writeTar(image.dockerArchive("app:latest"), tar);
        return tar.toByteArray();
    }

    private static boolean isGzip(byte[] content) {
        return content[0] == 0x1f && (content[1] & 0xff) == 0x8b;
    }

    private static JobSpec.Image docker(String uri) {
        return TestImage.docker(uri);
    }

    private static void await(CountDownLatch latch) throws java.io.InterruptedIOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException();
        }
    }
}
