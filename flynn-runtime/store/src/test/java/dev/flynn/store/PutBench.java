package dev.flynn.store;

import dev.flynn.spi.store.Transaction;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.apache.ratis.thirdparty.io.grpc.CallOptions;
import org.apache.ratis.thirdparty.io.grpc.ManagedChannel;
import org.apache.ratis.thirdparty.io.grpc.MethodDescriptor;
import org.apache.ratis.thirdparty.io.grpc.netty.NettyChannelBuilder;
import org.apache.ratis.thirdparty.io.grpc.stub.ClientCalls;

/**
 * Durable puts of 256 bytes a second, and how long one takes, with 1 and with 64 writers; measured by {@code script/bench
 * store-put}.
 *
 * <pre>
 * PutBench ours 1|3 DIRECTORY SECONDS    one replica in this process, or three in one each, the writers in the leader's
 * PutBench etcd PORT SECONDS             the same load over gRPC
 * </pre>
 */
final class PutBench {

    private static final int VALUE_BYTES = 256;
    private static final int KEYS = 10_000;
    private static final int MOST_WRITERS = 64;
    /** Three virtual machines on two cores are busy with compiling for so long. */
    private static final int WARM_UP_SECONDS = 25;

    private PutBench() {}

    private interface Put {
        void put(String key, String value);
    }

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "ours" -> ours(Integer.parseInt(arguments[1]), Path.of(arguments[2]), Integer.parseInt(arguments[3]));
            case "peer" -> peer(arguments);
            case "etcd" -> etcd(Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]));
            default -> throw new IllegalArgumentException(arguments[0]);
        }
        System.exit(0);
    }

    // ---- ours

    private static void ours(int peers, Path directory, int seconds) throws Exception {
        if (peers == 1) {
            try (RatisClusterStore store = RatisClusterStore.builder(directory).build()) {
                measure((key, value) -> put(store, key, value), seconds);
            }
            return;
        }
        UUID cluster = UUID.randomUUID();
        List<StorePeer> founders = new ArrayList<>();
        for (int i = 1; i <= peers; i++) {
            founders.add(new StorePeer("p" + i, "localhost:" + freePort()));
        }
        List<Process> others = new ArrayList<>();
        try {
            for (int i = 2; i <= peers; i++) {
                others.add(startPeer(directory, cluster, founders, i));
            }
            try (RatisClusterStore store = open(directory, cluster, founders, 1)) {
                put(store, "first", "1");
                awaitLead(store);
                measure((key, value) -> put(store, key, value), seconds);
            }
        } finally {
            others.forEach(Process::destroyForcibly);
        }
    }

    /** Whoever leads is told to let this one. */
    private static void awaitLead(RatisClusterStore store) throws InterruptedException {
        while (!store.isLeader()) {
            String leader = store.leader().orElse("p2");
            if (!leader.equals(store.peer())) {
                store.demote(leader);
                store.promote(leader);
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
    }

    private static void put(RatisClusterStore store, String key, String value) {
        store.commit(Transaction.builder().put(key, value).build());
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0)) {
            return socket.getLocalPort();
        }
    }

    private static Process startPeer(Path directory, UUID cluster, List<StorePeer> founders, int number)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                PutBench.class.getName(),
                "peer",
                directory.toString(),
                cluster.toString(),
                Integer.toString(number)));
        founders.forEach(founder -> command.add(founder.address()));
        return new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** Until its standard input ends, as it does when the process that started it is gone. */
    private static void peer(String[] arguments) throws IOException {
        List<StorePeer> founders = new ArrayList<>();
        for (int i = 4; i < arguments.length; i++) {
            founders.add(new StorePeer("p" + (i - 3), arguments[i]));
        }
        try (RatisClusterStore store =
                open(Path.of(arguments[1]), UUID.fromString(arguments[2]), founders, Integer.parseInt(arguments[3]))) {
            System.in.transferTo(OutputStream.nullOutputStream());
        }
    }

    private static RatisClusterStore open(Path directory, UUID cluster, List<StorePeer> founders, int number)
            throws IOException {
        StorePeer self = founders.get(number - 1);
        int port = Integer.parseInt(self.address().substring(self.address().indexOf(':') + 1));
        return RatisClusterStore.builder(directory.resolve(self.id()))
                .cluster(cluster)
                .peer(self, new SocketTransport(self.id(), port))
                .found(founders)
                .build();
    }

    // ---- etcd

    private static void etcd(int port, int seconds) throws Exception {
        MethodDescriptor<byte[], byte[]> method = MethodDescriptor.<byte[], byte[]>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("etcdserverpb.KV/Put")
                .setRequestMarshaller(new Bytes())
                .setResponseMarshaller(new Bytes())
                .build();
        ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port)
                .usePlaintext()
                .directExecutor()
                .build();
        try {
            measure(
                    (key, value) ->
                            ClientCalls.blockingUnaryCall(channel, method, CallOptions.DEFAULT, putRequest(key, value)),
                    seconds);
        } finally {
            channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
        }
    }

    /** {@code PutRequest}: the key is field 1, the value field 2. */
    private static byte[] putRequest(String key, String value) {
        byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
        byte[] valueBytes = value.getBytes(StandardCharsets.UTF_8);
        var request = ByteBuffer.allocate(5 + keyBytes.length + valueBytes.length);
        request.put((byte) 0x0a).put((byte) keyBytes.length).put(keyBytes).put((byte) 0x12);
        if (valueBytes.length < 128) {
            request.put((byte) valueBytes.length);
        } else {
            request.put((byte) (valueBytes.length & 0x7f | 0x80)).put((byte) (valueBytes.length >> 7));
        }
        request.put(valueBytes);
        return Arrays.copyOf(request.array(), request.position());
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    // ---- the load

    private static void measure(Put put, int seconds) throws InterruptedException {
        run(put, MOST_WRITERS, WARM_UP_SECONDS);
        for (int writers : new int[] {1, MOST_WRITERS}) {
            long[] nanos = run(put, writers, seconds);
            Arrays.sort(nanos);
            System.out.printf(
                    Locale.ROOT,
                    "writers %d puts/s %.0f p50-ms %.3f p99-ms %.3f%n",
                    writers,
                    (double) nanos.length / seconds,
                    nanos[nanos.length / 2] / 1e6,
                    nanos[(int) (nanos.length * 0.99)] / 1e6);
        }
    }

    /** How long each put took. */
    private static long[] run(Put put, int writers, int seconds) throws InterruptedException {
        String value = "v".repeat(VALUE_BYTES);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        List<Thread> threads = new ArrayList<>();
        long[][] taken = new long[writers][];
        for (int i = 0; i < writers; i++) {
            int writer = i;
            var thread = new Thread(() -> taken[writer] = write(put, value, end));
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        return Arrays.stream(taken).flatMapToLong(Arrays::stream).toArray();
    }

    private static long[] write(Put put, String value, long end) {
        LongStream.Builder taken = LongStream.builder();
        for (long begin = System.nanoTime(); begin < end; begin = System.nanoTime()) {
            put.put("bench/%08d".formatted(ThreadLocalRandom.current().nextInt(KEYS)), value);
            taken.add(System.nanoTime() - begin);
        }
        return taken.build().toArray();
    }
}
