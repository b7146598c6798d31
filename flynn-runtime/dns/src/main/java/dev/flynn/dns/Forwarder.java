package dev.flynn.dns;

import dev.flynn.base.NamedThreads;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Passes queries on to the recursors, one after the other until one answers, and their answers back unchanged.
 *
 * <p>Over UDP one thread does it for all. Each query has a socket of its own, so that whoever wants to forge an answer has to
 * guess its port as well as its id.
 */
final class Forwarder implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Forwarder.class);

    /** How many queries wait for answers at the same time; more are refused. */
    static final int MAX_WAITING = 1000;

    private final List<InetSocketAddress> recursors;
    private final LoopProbe loops;
    private final Duration patience;
    private final SecureRandom random = new SecureRandom();
    private final Selector selector;
    private final Thread thread;
    private final Queue<Exchange> arriving = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean closed;

    // of the thread alone
    private final Queue<Attempt> attempts = new ArrayDeque<>();
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(Wire.MAX_MESSAGE_BYTES);

    /** @param patience with each recursor */
    Forwarder(List<InetSocketAddress> recursors, LoopProbe loops, Duration patience) {
        this.recursors = List.copyOf(recursors);
        this.loops = loops;
        this.patience = patience;
        try {
            this.selector = Selector.open();
        } catch (IOException e) {
            throw new UncheckedIOException("no selector", e);
        }
        this.thread = new NamedThreads("dns-forwarder").newThread(this::run);
    }

    /** Begins, and asks each recursor whether it asks back. */
    void start() {
        thread.start();
        for (InetSocketAddress recursor : recursors) {
            submit(loops.query(recursor), answer -> {}, List.of(recursor));
        }
    }

    /** A query that waits, and who gets the answer; an empty one says that nobody had any. */
    private record Exchange(byte[] query, Consumer<Optional<ByteBuffer>> reply, Iterator<InetSocketAddress> left) {}

    private record Attempt(Exchange exchange, int id, DatagramChannel channel, long deadline) {}

    /**
     * Forwards over UDP.
     *
     * @param reply called once, on a thread of the forwarder; the buffer is valid during the call
     * @return false if too many queries wait already; then {@code reply} is not called
     */
    boolean forward(byte[] query, Consumer<Optional<ByteBuffer>> reply) {
        return submit(query, reply, recursors);
    }

    private boolean submit(byte[] query, Consumer<Optional<ByteBuffer>> reply, List<InetSocketAddress> ask) {
        if (closed || waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            return false;
        }
        arriving.add(new Exchange(query, reply, ask.iterator()));
        selector.wakeup();
        return true;
    }

    /** Forwards over TCP, on this thread. */
    Optional<byte[]> forwardOverTcp(byte[] query) {
        for (InetSocketAddress recursor : recursors) {
            if (loops.isLoop(recursor)) {
                continue;
            }
            try (var socket = new Socket()) {
                socket.connect(recursor, (int) patience.toMillis());
                socket.setSoTimeout((int) patience.toMillis());
                var out = new DataOutputStream(socket.getOutputStream());
                byte[] framed = new byte[query.length + 2];
                ByteBuffer.wrap(framed).putShort((short) query.length).put(query);
                out.write(framed);
                var in = new DataInputStream(socket.getInputStream());
                byte[] answer = new byte[in.readUnsignedShort()];
                in.readFully(answer);
                if (isAnswer(
                        ByteBuffer.wrap(answer), query, ByteBuffer.wrap(query).getShort(0))) {
                    return Optional.of(answer);
                }
            } catch (IOException nextOne) {
                log.atDebug()
                        .setCause(nextOne)
                        .addKeyValue("recursor", recursor)
                        .log("no answer over TCP");
            }
        }
        return Optional.empty();
    }

    private void run() {
        while (!closed) {
            try {
                selector.select(millisToNextDeadline());
                takeAnswers();
                giveUpOverdue();
                for (Exchange next = arriving.poll(); next != null; next = arriving.poll()) {
                    tryNext(next);
                }
            } catch (IOException | RuntimeException e) {
                log.atWarn().setCause(e).log("forwarding failed; going on");
            }
        }
        attempts.forEach(attempt -> close(attempt.channel()));
    }

    /** 0 waits for the next event. */
    private long millisToNextDeadline() {
        dropFinished();
        Attempt oldest = attempts.peek();
        return oldest == null
                ? 0
                : Math.max(
                        1,
                        Duration.ofNanos(oldest.deadline() - System.nanoTime()).toMillis());
    }

    /** All attempts wait equally long, so that the oldest is always the next. */
    private void dropFinished() {
        while (!attempts.isEmpty() && !attempts.element().channel().isOpen()) {
            attempts.remove();
        }
    }

    private void takeAnswers() throws IOException {
        for (Iterator<SelectionKey> keys = selector.selectedKeys().iterator(); keys.hasNext(); ) {
            SelectionKey key = keys.next();
            keys.remove();
            if (key.isValid() && key.attachment() instanceof Attempt attempt) {
                takeAnswer(attempt);
            }
        }
    }

    private void takeAnswer(Attempt attempt) {
        byte[] query = attempt.exchange().query();
        try {
            buffer.clear();
            if (attempt.channel().receive(buffer) == null) {
                return;
            }
            buffer.flip();
            if (isAnswer(buffer, query, (short) attempt.id())) {
                buffer.putShort(0, ByteBuffer.wrap(query).getShort(0));
                close(attempt.channel());
                finish(attempt.exchange(), buffer);
            }
        } catch (IOException unreachable) {
            close(attempt.channel());
            tryNext(attempt.exchange());
        }
    }

    private void giveUpOverdue() {
        long now = System.nanoTime();
        dropFinished();
        while (!attempts.isEmpty() && attempts.element().deadline() - now <= 0) {
            Attempt overdue = attempts.remove();
            close(overdue.channel());
            tryNext(overdue.exchange());
            dropFinished();
        }
    }

    private void tryNext(Exchange exchange) {
        while (exchange.left().hasNext()) {
            InetSocketAddress recursor = exchange.left().next();
            if (loops.isLoop(recursor)) {
                continue;
            }
            DatagramChannel channel = null;
            try {
                channel = DatagramChannel.open();
                channel.configureBlocking(false);
                channel.connect(recursor);
                int id = random.nextInt(1 << 16);
                ByteBuffer query = ByteBuffer.wrap(exchange.query().clone());
                query.putShort(0, (short) id);
                channel.write(query);
                var attempt = new Attempt(exchange, id, channel, System.nanoTime() + patience.toNanos());
                channel.register(selector, SelectionKey.OP_READ, attempt);
                attempts.add(attempt);
                return;
            } catch (IOException unreachable) {
                close(channel);
                log.atDebug()
                        .setCause(unreachable)
                        .addKeyValue("recursor", recursor)
                        .log("cannot be asked");
            }
        }
        finish(exchange, null);
    }

    private void finish(Exchange exchange, @Nullable ByteBuffer answer) {
        waiting.decrementAndGet();
        exchange.reply().accept(Optional.ofNullable(answer));
    }

    /** Whether this is an answer to that query: the id, and the question if it is repeated. */
    private static boolean isAnswer(ByteBuffer answer, byte[] query, short id) {
        if (answer.limit() < Wire.HEADER_BYTES
                || answer.getShort(0) != id
                || (answer.getShort(2) & Wire.FLAG_RESPONSE) == 0) {
            return false;
        }
        if (answer.getShort(4) == 0) {
            return true;
        }
        try {
            Query asked = Query.read(ByteBuffer.wrap(query));
            Query answered = Query.read(answer);
            return asked.labels().equals(answered.labels())
                    && asked.type() == answered.type()
                    && asked.dnsClass() == answered.dnsClass();
        } catch (Query.Malformed notThatQuestion) {
            return false;
        }
    }

    private static void close(@Nullable DatagramChannel channel) {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                log.atDebug().setCause(e).log("socket did not close");
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        selector.wakeup();
        try {
            if (thread.isAlive()) {
                thread.join(Duration.ofSeconds(5).toMillis());
            }
            selector.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            log.atDebug().setCause(e).log("selector did not close");
        }
    }
}
