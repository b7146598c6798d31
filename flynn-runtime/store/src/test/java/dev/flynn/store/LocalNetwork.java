package dev.flynn.store;

import dev.flynn.spi.component.Subscription;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** A network in this process, whose links can be cut, slowed, made to repeat themselves and to lose answers. */
public final class LocalNetwork implements AutoCloseable {

    private record Link(String from, String to) {}

    private final Map<String, Endpoint> byAddress = new ConcurrentHashMap<>();
    private final ScheduledThreadPoolExecutor wires =
            new ScheduledThreadPoolExecutor(2, Executors.defaultThreadFactory());

    // guarded by this
    private final Random random;
    private final Set<Link> cut = new HashSet<>();
    private final Set<String> lostMethods = new HashSet<>();
    private final Map<Link, Long> busyUntil = new HashMap<>();
    private final Map<String, List<Runnable>> held = new HashMap<>();
    private int maxDelayMillis;
    private double repeated;
    private double lost;
    private double answersLost;

    public LocalNetwork(long seed) {
        this.random = new Random(seed);
        wires.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
        wires.setThreadFactory(task -> {
            var thread = new Thread(task, "wire");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The network as this peer has it, at that address. */
    public PeerTransport transport(StorePeer peer) {
        return new Endpoint(peer);
    }

    // ---- faults

    /** Nothing passes from one peer to the other. */
    public synchronized void cutOneWay(String from, String to) {
        cut.add(new Link(from, to));
    }

    /** Nothing passes between a peer and the others, either way. */
    public synchronized void isolate(String peer, Iterable<String> others) {
        for (String other : others) {
            if (!other.equals(peer)) {
                cutOneWay(peer, other);
                cutOneWay(other, peer);
            }
        }
    }

    /** Nothing passes to and from a peer until {@link #heal}; then all of it does, as if its process had been stopped. */
    public synchronized void hold(String peer) {
        held.put(peer, new ArrayList<>());
    }

    /** Every message takes up to that long; those of one link keep their order. */
    public synchronized void delay(int maxMillis) {
        maxDelayMillis = maxMillis;
    }

    /** How many of the requests arrive twice, never, and how many answers never: 0 to 1. */
    public synchronized void spoil(double repeatedRequests, double lostRequests, double lostAnswers) {
        repeated = repeatedRequests;
        lost = lostRequests;
        answersLost = lostAnswers;
    }

    /** Requests of this method never arrive. */
    public synchronized void lose(String method) {
        lostMethods.add(method);
    }

    private synchronized boolean loses(String method) {
        return lostMethods.contains(method);
    }

    /** Everything is well again. */
    public synchronized void heal() {
        held.values().forEach(messages -> messages.forEach(wires::execute));
        held.clear();
        cut.clear();
        lostMethods.clear();
        maxDelayMillis = 0;
        spoil(0, 0, 0);
    }

    @Override
    public void close() {
        wires.shutdownNow();
    }

    private synchronized boolean passes(Link link) {
        return !cut.contains(link);
    }

    private synchronized boolean happens(double probability) {
        return probability > 0 && random.nextDouble() < probability;
    }

    private synchronized double repeated() {
        return repeated;
    }

    private synchronized double lost() {
        return lost;
    }

    private synchronized double answersLost() {
        return answersLost;
    }

    private synchronized long delayNanos(Link link) {
        if (maxDelayMillis == 0 && !busyUntil.containsKey(link)) {
            return 0;
        }
        long now = System.nanoTime();
        long delay = maxDelayMillis == 0 ? 0 : TimeUnit.MICROSECONDS.toNanos(random.nextInt(maxDelayMillis * 1000));
        long at = Math.max(now + delay, busyUntil.getOrDefault(link, now));
        if (at <= now) {
            busyUntil.remove(link);
        } else {
            busyUntil.put(link, at + 1);
        }
        return at - now;
    }

    private synchronized boolean isHeld(Link link, Runnable arrival) {
        List<Runnable> messages = held.getOrDefault(link.from(), held.get(link.to()));
        return messages != null && messages.add(arrival);
    }

    private void carry(Link link, Runnable arrival) {
        if (!passes(link)) {
            return;
        }
        Runnable checked = () -> {
            if (passes(link) && !isHeld(link, arrival)) {
                arrival.run();
            }
        };
        long delay = delayNanos(link);
        if (delay <= 0) {
            checked.run();
        } else {
            wires.schedule(checked, delay, TimeUnit.NANOSECONDS);
        }
    }

    private static ByteBuffer copy(ByteBuffer buffer) {
        return ByteBuffer.allocate(buffer.remaining()).put(buffer.duplicate()).flip();
    }

    private final class Endpoint implements PeerTransport {

        private final StorePeer self;
        private volatile Handler handler;

        Endpoint(StorePeer self) {
            this.self = self;
        }

        @Override
        public CompletableFuture<ByteBuffer> call(String peer, String address, String method, ByteBuffer request) {
            var answer = new CompletableFuture<ByteBuffer>();
            if (loses(method) || happens(lost())) {
                return answer;
            }
            int times = happens(repeated()) ? 2 : 1;
            for (int i = 0; i < times; i++) {
                ByteBuffer bytes = copy(request);
                carry(new Link(self.id(), peer), () -> arrived(peer, address, method, bytes, answer));
            }
            return answer;
        }

        private void arrived(
                String peer, String address, String method, ByteBuffer request, CompletableFuture<ByteBuffer> answer) {
            Endpoint target = byAddress.get(address);
            if (target == null || !target.self.id().equals(peer)) {
                answer.completeExceptionally(new IOException("nobody is " + peer + " at " + address));
                return;
            }
            target.handler.handle(self.id(), method, request).whenComplete((bytes, failure) -> {
                if (happens(answersLost())) {
                    return;
                }
                carry(new Link(peer, self.id()), () -> {
                    if (failure == null) {
                        answer.complete(copy(bytes));
                    } else {
                        answer.completeExceptionally(failure);
                    }
                });
            });
        }

        @Override
        public Subscription serve(Handler newHandler) {
            handler = newHandler;
            if (byAddress.putIfAbsent(self.address(), this) != null) {
                throw new IllegalStateException("address " + self.address() + " is in use");
            }
            return () -> byAddress.remove(self.address(), this);
        }
    }
}
