package dev.flynn.tck.wire;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/** What the checks of one run share. */
final class Bench {

    private final Target target;
    private final Settings settings;
    private final Leftovers leftovers;
    private final ReadWriteLock requests = new ReentrantReadWriteLock();
    private boolean ended;
    private final Map<String, FutureTask<Object>> shared = new ConcurrentHashMap<>();

    Bench(Target target, Settings settings) {
        this.target = target;
        this.settings = settings;
        this.leftovers = new Leftovers(target);
    }

    /** Lets a request out, unless the end has begun. */
    <T> T request(Supplier<T> request) {
        requests.readLock().lock();
        try {
            if (ended) {
                throw new Blocked("the run was ended");
            }
            return request.get();
        } finally {
            requests.readLock().unlock();
        }
    }

    /** From here on no check asks for anything; those that have are waited for. */
    void end() {
        requests.writeLock().lock();
        ended = true;
        requests.writeLock().unlock();
    }

    Target target() {
        return target;
    }

    Settings settings() {
        return settings;
    }

    Leftovers leftovers() {
        return leftovers;
    }

    /** What whoever comes first makes; where that failed, it fails for everybody. */
    <T> T shared(String name, Class<T> type, Supplier<T> maker) {
        FutureTask<Object> task = shared.computeIfAbsent(name, key -> new FutureTask<>(maker::get));
        task.run();
        try {
            return type.cast(task.get());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Blocked("interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Inapplicable why) {
                throw new Inapplicable(String.valueOf(why.getMessage()));
            }
            if (e.getCause() instanceof Blocked || e.getCause() instanceof ContractBroken) {
                throw new Blocked("needs %s: %s".formatted(name, e.getCause().getMessage()));
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
