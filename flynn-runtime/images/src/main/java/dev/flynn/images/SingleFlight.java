package dev.flynn.images;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;

/**
 * Lets one of those who want the same thing at the same time do the work, and gives all of them what came of it. That the one
 * was interrupted does not concern the others: another does it then.
 */
final class SingleFlight<K, V> {

    private final ConcurrentMap<K, CompletableFuture<V>> flights = new ConcurrentHashMap<>();

    /** What is to be done. */
    @FunctionalInterface
    interface Work<V> {

        V run() throws IOException;
    }

    V run(K key, Work<V> work) throws IOException {
        while (true) {
            var mine = new CompletableFuture<V>();
            CompletableFuture<V> others = flights.putIfAbsent(key, mine);
            if (others == null) {
                return lead(key, work, mine);
            }
            try {
                return others.get();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while another thread fetched " + key);
            } catch (ExecutionException e) {
                Throwable cause = requireNonNull(e.getCause());
                if (!isInterruption(cause)) {
                    throw new IOException(String.valueOf(cause.getMessage()), cause);
                }
            }
        }
    }

    private V lead(K key, Work<V> work, CompletableFuture<V> result) throws IOException {
        try {
            V value = work.run();
            flights.remove(key, result);
            result.complete(value);
            return value;
        } catch (IOException | RuntimeException | Error e) {
            flights.remove(key, result);
            result.completeExceptionally(e);
            throw e;
        }
    }

    private static boolean isInterruption(Throwable failure) {
        return failure instanceof ClosedByInterruptException
                || (failure instanceof InterruptedIOException && !(failure instanceof java.net.SocketTimeoutException));
    }
}
