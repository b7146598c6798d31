package dev.flynn.store;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Instances that are registered and kept by heartbeats, by discoverd's HTTP API and as leases of etcd; measured by {@code
 * script/bench discovery}, which looks at the CPU that the server takes meanwhile.
 *
 * <pre>
 * LeaseBench discoverd|etcd PORT INSTANCES SECONDS
 * </pre>
 *
 * Prints how many were registered a second by 16 clients, then {@code beating} when all beat as their clients do by default
 * (discoverd's every 4 s, etcd's every third of the 10 s that a lease lasts), then how long after the leader's last heartbeat
 * the next one led.
 */
final class LeaseBench {

    private static final int CLIENTS = 16;
    private static final int SERVICES = 100;
    private static final int TTL_SECONDS = 10;

    private LeaseBench() {}

    /** A server of leases, from one client's side. */
    private interface Leases {

        /** Creates a service where that is needed. */
        default void create(String service) throws Exception {}

        /** Registers an instance of a service for the first time. */
        void register(String service, int number) throws Exception;

        void beat(String service, int number) throws Exception;

        /** Calls this once the service's first instance is gone. */
        void onFirstGone(String service, Runnable gone) throws Exception;

        double secondsBetweenBeats();
    }

    private interface Factory {
        Leases create() throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[1]);
        int instances = Integer.parseInt(arguments[2]);
        int seconds = Integer.parseInt(arguments[3]);
        Factory factory = arguments[0].equals("etcd") ? () -> new EtcdLeases(port) : () -> new DiscoverdLeases(port);
        measure(factory, instances, seconds);
        System.exit(0);
    }

    private static void measure(Factory factory, int instances, int seconds) throws Exception {
        List<Leases> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            clients.add(factory.create());
        }
        for (int i = 0; i < SERVICES; i++) {
            clients.get(0).create("bench-" + i);
        }
        clients.get(0).create("failover");
        long begin = System.nanoTime();
        onThreads(client -> {
            for (int i = client; i < instances; i += CLIENTS) {
                clients.get(client).register("bench-" + i % SERVICES, i);
            }
        });
        System.out.printf(Locale.ROOT, "registered/s %.0f%n", instances * 1e9 / (System.nanoTime() - begin));
        System.out.println("beating");
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        onThreads(client -> beat(clients.get(client), client, instances, end));
        System.out.printf(Locale.ROOT, "failover-s %.2f%n", failover(factory));
    }

    /** The beats of one client's instances, evenly spread. */
    private static void beat(Leases leases, int client, int instances, long end) throws Exception {
        double nanosEach = leases.secondsBetweenBeats() * 1e9 * CLIENTS / instances;
        long begin = System.nanoTime();
        for (int beats = 0, i = client; System.nanoTime() < end; beats++) {
            leases.beat("bench-" + i % SERVICES, i);
            i = i + CLIENTS < instances ? i + CLIENTS : client;
            long early = begin + (long) (beats * nanosEach) - System.nanoTime();
            if (early > 1_000_000) {
                TimeUnit.NANOSECONDS.sleep(early);
            }
        }
    }

    private static double failover(Factory factory) throws Exception {
        Leases leases = factory.create();
        leases.register("failover", 1);
        leases.register("failover", 2);
        var gone = new CountDownLatch(1);
        factory.create().onFirstGone("failover", gone::countDown);
        TimeUnit.SECONDS.sleep(1);
        leases.beat("failover", 1);
        long last = System.nanoTime();
        while (!gone.await(2, TimeUnit.SECONDS)) {
            leases.beat("failover", 2);
        }
        return (System.nanoTime() - last) / 1e9;
    }

    private interface Part {
        void run(int client) throws Exception;
    }

    private static void onThreads(Part part) throws InterruptedException {
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            int client = i;
            var thread = new Thread(() -> {
                try {
                    part.run(client);
                } catch (Exception e) {
                    e.printStackTrace();
                    System.exit(1);
                }
            });
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            thread.join();
        }
    }

    // ---- discoverd

    private static final class DiscoverdLeases implements Leases {

        private final Socket socket;
        private final InputStream in;

        DiscoverdLeases(int port) throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
        }

        @Override
        public void create(String service) throws IOException {
            send("PUT /services/" + service, "{}");
            String head = head();
            // a round before this one has made it
            if (!head.startsWith("HTTP/1.1 200") && !head.startsWith("HTTP/1.1 409")) {
                throw new IOException(head);
            }
            in.skipNBytes(contentLength(head));
        }

        @Override
        public void register(String service, int number) throws Exception {
            beat(service, number);
        }

        @Override
        public void beat(String service, int number) throws Exception {
            String addr = addr(number);
            String id = id(addr);
            String body =
                    "{\"id\":\"%s\",\"addr\":\"%s\",\"proto\":\"tcp\",\"meta\":{\"weight\":\"1\"}}".formatted(id, addr);
            send("PUT /services/%s/instances/%s".formatted(service, id), body);
            awaitOk();
        }

        private void awaitOk() throws IOException {
            String head = head();
            if (!head.startsWith("HTTP/1.1 200")) {
                throw new IOException(head);
            }
            in.skipNBytes(contentLength(head));
        }

        private static String addr(int number) {
            return "10.%d.%d.%d:80".formatted(number >> 16, number >> 8 & 255, number & 255);
        }

        private static String id(String addr) throws GeneralSecurityException {
            byte[] hash = MessageDigest.getInstance("MD5").digest(("tcp-" + addr).getBytes(StandardCharsets.UTF_8));
            return "%032x".formatted(new BigInteger(1, hash));
        }

        private void send(String what, String body) throws IOException {
            socket.getOutputStream()
                    .write("%s HTTP/1.1\r\nHost: discoverd\r\nContent-Length: %d\r\n\r\n%s"
                            .formatted(what, body.length(), body)
                            .getBytes(StandardCharsets.UTF_8));
        }

        private String head() throws IOException {
            var head = new ByteArrayOutputStream();
            for (int last4 = 0; last4 != 0x0d0a0d0a; ) {
                int next = in.read();
                if (next < 0) {
                    throw new IOException("discoverd went away");
                }
                head.write(next);
                last4 = last4 << 8 | next;
            }
            return head.toString(StandardCharsets.UTF_8);
        }

        private static int contentLength(String head) {
            int at = head.toLowerCase(Locale.ROOT).indexOf("content-length: ");
            return at < 0 ? 0 : Integer.parseInt(head.substring(at + 16, head.indexOf('\r', at)));
        }

        @Override
        public void onFirstGone(String service, Runnable gone) throws Exception {
            send("GET /services/" + service, "");
            String second = "\"addr\":\"" + addr(2) + "\"";
            var reader = new Thread(() -> {
                var line = new StringBuilder();
                try {
                    for (int next = in.read(); next >= 0; next = in.read()) {
                        line.append((char) next);
                        if (next != '\n') {
                            continue;
                        }
                        if (line.indexOf("\"kind\":\"leader\"") >= 0 && line.indexOf(second) >= 0) {
                            gone.run();
                            return;
                        }
                        line.setLength(0);
                    }
                } catch (IOException e) {
                    e.printStackTrace();
                }
            });
            reader.start();
        }

        @Override
        public double secondsBetweenBeats() {
            return 4;
        }
    }

    // ---- etcd

    private static final class EtcdLeases implements Leases {

        private final Etcd etcd;
        private final Consumer<Long> keepAlive;
        private final Map<Integer, Long> leases = new HashMap<>();

        EtcdLeases(int port) {
            etcd = new Etcd(port);
            keepAlive = etcd.keepAlive(() -> {});
        }

        @Override
        public void register(String service, int number) {
            long lease = etcd.grant(TTL_SECONDS);
            etcd.put(service + "/" + number, "10.0.0.1:80", lease);
            leases.put(number, lease);
        }

        @Override
        public void beat(String service, int number) {
            keepAlive.accept(leases.get(number));
        }

        @Override
        public void onFirstGone(String service, Runnable gone) {
            etcd.watch(service + "/1", 1, () -> {}, gone);
        }

        @Override
        public double secondsBetweenBeats() {
            return TTL_SECONDS / 3.0;
        }
    }
}
