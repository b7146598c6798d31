package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.component.Subscription;
import dev.flynn.store.PeerBook.Introduction;
import dev.flynn.store.PeerFrames.Sender;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls between the peers of one cluster. A request is answered only if it is from the same cluster, of the same format, and
 * from the current start of a peer that has introduced itself; everybody else is told why not.
 */
final class PeerCalls implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(PeerCalls.class);

    private static final String HELLO = "store/hello";
    private static final String WHO = "store/who";

    private static final Duration INTRODUCTION_PATIENCE = Duration.ofSeconds(1);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(2);
    private static final Duration CALL_PATIENCE = Duration.ofSeconds(3);

    /** Answers one method; may take its time, on a thread for it. */
    interface Method {
        CompletableFuture<ByteBuffer> answer(String caller, ByteBuffer request) throws IOException;
    }

    private final PeerTransport transport;
    private final Sender self;
    private final UUID directory;
    private final String address;
    private final PeerBook book;
    private final Executor threads;
    private final Map<String, Method> methods = new ConcurrentHashMap<>();
    private final Map<String, CompletableFuture<Void>> introductions = new ConcurrentHashMap<>();
    private volatile Predicate<String> isVoter = peer -> true;
    private @Nullable Subscription serving;
    /** What was said about whom already. */
    private final Set<String> refused = ConcurrentHashMap.newKeySet();

    /** @param threads for what takes time: they may block */
    PeerCalls(PeerTransport transport, DataDirectory directory, String address, Executor threads) throws IOException {
        this.transport = transport;
        this.self = new Sender(directory.group(), directory.peer(), new SecureRandom().nextLong());
        this.directory = directory.id();
        this.address = address;
        this.book = PeerBook.open(directory.path());
        this.threads = threads;
        methods.put(HELLO, this::welcome);
        methods.put(WHO, (caller, request) -> done(longAnswer(self.instance())));
    }

    String self() {
        return self.peer();
    }

    String address() {
        return address;
    }

    Executor threads() {
        return threads;
    }

    void knowVoters(Predicate<String> predicate) {
        isVoter = predicate;
    }

    void learn(String peer, String peerAddress) {
        book.learn(peer, peerAddress);
    }

    /** Where a peer is, as far as anybody has said; empty if nobody has. */
    String addressOf(String peer) {
        return peer.equals(self()) ? address : book.address(peer).orElse("");
    }

    void answer(String method, Method how) {
        methods.put(method, how);
    }

    synchronized void start() {
        if (serving == null) {
            serving = transport.serve(this::handle);
        }
    }

    /** Stops answering; calls under way end as they may. */
    @Override
    public synchronized void close() {
        if (serving != null) {
            serving.close();
            serving = null;
        }
    }

    // ---- calling

    ByteBuffer newRequest(int size) {
        return PeerFrames.request(self, size);
    }

    /** Calls a peer; fails with what it refused, an {@link IOException} or a {@link FlynnException}. */
    CompletableFuture<ByteBuffer> call(String peer, String method, ByteBuffer request) {
        return send(peer, method, request).exceptionallyCompose(failure -> {
            Throwable cause = cause(failure);
            return cause instanceof PeerRefusal refusal && refusal.kind() == PeerRefusal.Kind.STRANGER
                    ? introduce(peer).thenCompose(welcomed -> send(peer, method, request))
                    : CompletableFuture.failedFuture(cause);
        });
    }

    /** Calls a peer and waits. */
    ByteBuffer await(String peer, String method, ByteBuffer request, Duration patience)
            throws IOException, InterruptedException {
        return await(peer, call(peer, method, request), patience);
    }

    static ByteBuffer await(String peer, CompletableFuture<ByteBuffer> answer, Duration patience)
            throws IOException, InterruptedException {
        try {
            return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new IOException("peer \"%s\" did not answer in %d ms".formatted(peer, patience.toMillis()), e);
        } catch (ExecutionException e) {
            throw asIoException(e);
        }
    }

    /** Throws what a peer told, returns what went wrong otherwise. */
    static IOException asIoException(Throwable failure) {
        Throwable cause = cause(failure);
        if (cause instanceof FlynnException told) {
            throw told;
        }
        return cause instanceof IOException io ? io : new IOException(cause);
    }

    /**
     * Tells a peer who this is.
     *
     * @return fails with a {@link FlynnException} if that peer will have nothing to do with this one
     */
    CompletableFuture<Void> introduce(String peer) {
        var mine = new CompletableFuture<Void>();
        @Nullable CompletableFuture<Void> underWay = introductions.putIfAbsent(peer, mine);
        if (underWay != null) {
            return underWay;
        }
        mine.orTimeout(CALL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((welcomed, failure) -> introductions.remove(peer, mine));
        byte[] whereFrom = address.getBytes(StandardCharsets.UTF_8);
        ByteBuffer request = newRequest(16 + 8 + whereFrom.length)
                .putLong(directory.getMostSignificantBits())
                .putLong(directory.getLeastSignificantBits())
                .putLong(self.instance())
                .put(whereFrom)
                .flip();
        send(peer, HELLO, request).whenComplete((answer, failure) -> {
            if (failure == null) {
                mine.complete(null);
            } else {
                mine.completeExceptionally(failure);
            }
        });
        return mine;
    }

    /**
     * Tells these peers who this is; those that do not answer soon hear it later.
     *
     * @throws FlynnException if one of them will have nothing to do with this peer
     */
    void introduceTo(Collection<String> peers) throws InterruptedException {
        long deadline = System.nanoTime() + INTRODUCTION_PATIENCE.toNanos();
        Map<String, CompletableFuture<Void>> told = new TreeMap<>();
        peers.stream().filter(peer -> !peer.equals(self())).forEach(peer -> told.put(peer, introduce(peer)));
        for (Map.Entry<String, CompletableFuture<Void>> one : told.entrySet()) {
            try {
                one.getValue().get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            } catch (ExecutionException | TimeoutException e) {
                if (cause(e) instanceof FlynnException refused) {
                    throw refused;
                }
                log.atDebug().addKeyValue("peer", one.getKey()).log("peer does not answer yet");
            }
        }
    }

    /** Whether a peer answers at all. */
    CompletableFuture<ByteBuffer> ping(String peer) {
        return send(peer, WHO, newRequest(0).flip());
    }

    private CompletableFuture<ByteBuffer> send(String peer, String method, ByteBuffer request) {
        String where = book.address(peer).orElse("");
        return sendTo(peer, where, method, request);
    }

    private CompletableFuture<ByteBuffer> sendTo(String peer, String where, String method, ByteBuffer request) {
        if (where.isEmpty()) {
            return CompletableFuture.failedFuture(new IOException("nobody knows where peer \"" + peer + "\" is"));
        }
        CompletableFuture<ByteBuffer> answer;
        try {
            answer = transport.call(peer, where, method, request.duplicate());
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
        return answer.thenApply(bytes -> {
            try {
                return PeerFrames.read(bytes);
            } catch (IOException e) {
                throw new CompletionException(e);
            }
        });
    }

    /** What a future failed with, whatever it is wrapped in. */
    static Throwable cause(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    // ---- answering

    private CompletableFuture<ByteBuffer> handle(String caller, String method, ByteBuffer request) {
        CompletableFuture<ByteBuffer> answer;
        try {
            @Nullable Method how = methods.get(method);
            if (how == null) {
                throw new IOException("no method \"" + method + "\"");
            }
            check(caller, method, request);
            answer = how.answer(caller, request);
        } catch (FlynnException e) {
            if (refused.add(caller + e.getMessage())) {
                log.atWarn().addKeyValue("peer", caller).log(e.getMessage());
            }
            return done(PeerFrames.answer(e));
        } catch (IOException | RuntimeException e) {
            return done(PeerFrames.answer(e));
        }
        return answer.exceptionally(failure -> PeerFrames.answer(cause(failure)));
    }

    private void check(String caller, String method, ByteBuffer request) throws IOException {
        Sender sender = PeerFrames.readSender(caller, self(), request);
        if (!sender.cluster().equals(self.cluster())) {
            throw FlynnException.conflict(
                    "peer \"%s\" belongs to cluster %s, peer \"%s\" to cluster %s: hosts of two clusters are never merged"
                            .formatted(caller, sender.cluster(), self(), self.cluster()));
        }
        if (!sender.peer().equals(caller)) {
            throw FlynnException.invalid(
                    "host \"%s\" speaks as peer \"%s\" of the cluster store".formatted(caller, sender.peer()));
        }
        if (caller.equals(self()) && !method.equals(WHO)) {
            throw PeerBook.usedTwice(caller, address, "another host");
        }
        boolean mayBeStranger = method.equals(HELLO) || method.equals(WHO);
        if (!mayBeStranger && !book.knows(caller, sender.instance())) {
            throw new PeerRefusal(PeerRefusal.Kind.STRANGER, "who are you?");
        }
    }

    private CompletableFuture<ByteBuffer> welcome(String caller, ByteBuffer request) throws IOException {
        UUID itsDirectory = new UUID(request.getLong(), request.getLong());
        long instance = request.getLong();
        var introduction = new Introduction(caller, itsDirectory, instance, PeerFrames.rest(request));
        return book.rival(introduction)
                .map(rival -> probe(rival).thenApply(isAlive -> {
                    if (isAlive) {
                        throw PeerBook.usedTwice(caller, rival.address(), introduction.address());
                    }
                    return true;
                }))
                .orElseGet(() -> CompletableFuture.completedFuture(true))
                .thenApplyAsync(
                        clear -> {
                            try {
                                if (book.welcome(introduction, isVoter.test(caller))) {
                                    var unused = introduce(caller);
                                }
                            } catch (IOException e) {
                                throw new CompletionException(e);
                            }
                            return PeerFrames.answer(0).flip();
                        },
                        threads);
    }

    /** Whether that start of the peer still answers where it was. */
    private CompletableFuture<Boolean> probe(Introduction rival) {
        var alive = new CompletableFuture<Boolean>();
        sendTo(rival.peer(), rival.address(), WHO, newRequest(0).flip())
                .whenComplete(
                        (answer, failure) -> alive.complete(failure == null && answer.getLong() == rival.instance()));
        CompletableFuture.delayedExecutor(PROBE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS, threads)
                .execute(() -> alive.complete(false));
        return alive;
    }

    static ByteBuffer longAnswer(long value) {
        return PeerFrames.answer(8).putLong(value).flip();
    }

    static CompletableFuture<ByteBuffer> done(ByteBuffer answer) {
        return CompletableFuture.completedFuture(answer);
    }

    /** Answers later, on a thread that may block. */
    CompletableFuture<ByteBuffer> later(BlockingAnswer how) {
        var answer = new CompletableFuture<ByteBuffer>();
        try {
            threads.execute(() -> {
                try {
                    answer.complete(how.answer());
                } catch (Exception e) {
                    if (e instanceof InterruptedException) {
                        Thread.currentThread().interrupt();
                    }
                    answer.completeExceptionally(e);
                }
            });
        } catch (RejectedExecutionException closed) {
            answer.completeExceptionally(new IOException("peer \"" + self() + "\" is closing", closed));
        }
        return answer;
    }

    /** What {@link #later} does. */
    interface BlockingAnswer {
        ByteBuffer answer() throws Exception;
    }
}
