package dev.flynn.router;

import dev.flynn.router.LoadUsers.User;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** Users who ask all the time, each on a thread of its own; every request has a name, and what fails is kept. */
final class MixedLoad implements AutoCloseable {

    private static final int MOST_FAILURES = 200;

    private final List<Thread> threads = new ArrayList<>();
    private final Map<String, AtomicInteger> counts = new TreeMap<>();
    private final Queue<Failure> failures = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean over = new AtomicBoolean();

    /** A request that was not answered as it should be; both ends as of {@link System#nanoTime}. */
    record Failure(String id, long began, long ended, String reason) {

        /** Whether a backend that had such requests in progress had this one. */
        boolean isAmong(java.util.Set<String> ids) {
            return ids.stream().anyMatch(other -> other.equals(id) || other.startsWith(id + "."));
        }
    }

    /** @param pauseMillis the longest pause between two requests */
    void add(String kind, User user, int pauseMillis, Random random) {
        AtomicInteger count = counts.computeIfAbsent(kind, unused -> new AtomicInteger());
        Thread thread = new Thread(() -> run(kind, count, user, pauseMillis, random), "load-" + kind);
        thread.setDaemon(true);
        threads.add(thread);
    }

    void start() {
        threads.forEach(Thread::start);
    }

    private void run(String kind, AtomicInteger count, User user, int pauseMillis, Random random) {
        while (!over.get() && failures.size() < MOST_FAILURES) {
            String id = kind + "-" + count.incrementAndGet();
            long began = System.nanoTime();
            try {
                user.request(id);
                TimeUnit.MILLISECONDS.sleep(random.nextInt(pauseMillis));
            } catch (InterruptedException e) {
                return;
            } catch (Exception e) {
                failures.add(new Failure(id, began, System.nanoTime(), e.toString()));
                user.hangUp();
            }
        }
        user.hangUp();
    }

    /** Requests so far, by kind. */
    Map<String, Integer> counts() {
        Map<String, Integer> now = new TreeMap<>();
        counts.forEach((kind, count) -> now.put(kind, count.get()));
        return now;
    }

    List<Failure> failures() {
        return List.copyOf(failures);
    }

    @Override
    public void close() throws InterruptedException {
        over.set(true);
        for (Thread thread : threads) {
            thread.join(15_000);
        }
    }
}
