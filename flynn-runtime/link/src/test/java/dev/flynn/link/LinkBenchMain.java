package dev.flynn.link;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** How long a small call takes between two hosts on one machine, and how many there are in a second. */
final class LinkBenchMain {

    private static final Duration LONG = Duration.ofSeconds(30);

    private LinkBenchMain() {}

    public static void main(String[] args) throws Exception {
        int seconds = args.length > 0 ? Integer.parseInt(args[0]) : 5;
        Path directory = Files.createTempDirectory("link-bench");
        try (TestHosts hosts = new TestHosts(directory)) {
            HostLink a = hosts.open(hosts.builder("a").build());
            HostLink b = hosts.open(hosts.builder("b")
                    .service("test", (caller, method, request) -> CompletableFuture.completedFuture(request))
                    .build());
            for (int round = 0; round < 3; round++) {
                latency(a, b, seconds);
                throughput(a, b, seconds, 256);
                throughput(a, b, seconds, 64 * 1024);
            }
        }
    }

    private static void latency(HostLink a, HostLink b, int seconds) throws Exception {
        long[] nanos = new long[2_000_000];
        int count = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < end && count < nanos.length) {
            long start = System.nanoTime();
            a.call("b", b.advertisedAddress(), "test", "echo", ByteBuffer.allocate(256), LONG)
                    .get();
            nanos[count++] = System.nanoTime() - start;
        }
        Arrays.sort(nanos, 0, count);
        System.out.printf(
                "sequential 256 B: p50 %.0f us, p99 %.0f us, %d calls/s%n",
                nanos[count / 2] / 1e3, nanos[(int) (count * 0.99)] / 1e3, count / seconds);
    }

    private static void throughput(HostLink a, HostLink b, int seconds, int bytes) throws Exception {
        var inFlight = new Semaphore(bytes > 10_000 ? 32 : 256);
        long count = 0;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (System.nanoTime() < end) {
            inFlight.acquire();
            a.call("b", b.advertisedAddress(), "test", "echo", ByteBuffer.allocate(bytes), LONG)
                    .whenComplete((answer, failure) -> inFlight.release());
            count++;
        }
        System.out.printf(
                "pipelined %d B: %d calls/s, %d MB/s each way%n",
                bytes, count / seconds, count * bytes / seconds / 1_000_000);
    }
}
