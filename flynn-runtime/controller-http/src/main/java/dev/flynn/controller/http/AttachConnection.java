package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one job's input and output over an HTTP connection that was upgraded.
 *
 * <p>Output is written by the host's thread and blocks while the client does not read, which slows the job down and nothing
 * else. Input is read by a thread of its own, only while the job takes it. A client that goes away ends the attachment; the
 * job goes on.
 */
final class AttachConnection implements AttachListener, AttachFrames.Input, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AttachConnection.class);

    private static final byte[] SWITCHED =
            "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: %s\r\n\r\n"
                    .formatted(AttachFrames.PROTOCOL)
                    .getBytes(StandardCharsets.US_ASCII);

    /** As much of the input as is passed on at once. */
    private static final int INPUT_BYTES = 64 * 1024;

    /** How long a client may take to notice the end. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    /** How long a client that does not speak the protocol may keep others from writing before it is told so. */
    private static final Duration TELL_PATIENCE = Duration.ofSeconds(1);

    /** What a client is to get of a job's output. */
    enum Form {
        /** One stream, because the job has a terminal. */
        TERMINAL,
        /** Two streams of whole lines, as its log has them: the last line of each ends too. */
        LINES,
        /** Two streams, byte by byte as the job writes them. */
        RAW
    }

    private final TakenConnection client;
    private final Form form;
    private final Executor executor;
    private final Runnable onSwitch;
    private final Consumer<String> onRefusal;
    private final AttachFrames.Reader frames = new AttachFrames.Reader(this);
    private final ReentrantLock writing = new ReentrantLock();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final CompletableFuture<Attachment> attachment = new CompletableFuture<>();
    private volatile boolean switched;

    /** Streams whose last line has not ended; of the thread that tells of output. */
    private final Set<OutputStreamKind> midLine = EnumSet.noneOf(OutputStreamKind.class);

    /**
     * @param executor runs the thread that reads the input
     * @param onSwitch called when the protocol is switched, before the client is told
     * @param onRefusal answers with an error and ends the response; called if the job could not be attached
     */
    AttachConnection(
            TakenConnection client, Form form, Executor executor, Runnable onSwitch, Consumer<String> onRefusal) {
        this.client = client;
        this.form = form;
        this.executor = executor;
        this.onSwitch = onSwitch;
        this.onRefusal = onRefusal;
    }

    /** Reads what the client sends from now on, and notices when it leaves. */
    void begin() {
        executor.execute(this::readInput);
    }

    /** Gives the other end, which is closed with this. */
    void use(Attachment opened) {
        if (!attachment.complete(opened)) {
            opened.close();
        }
    }

    /** Runs the action once, when the attachment has ended. */
    void whenEnded(Runnable action) {
        var unused = end.thenRun(action);
    }

    /** Ends the session; the job goes on. */
    @Override
    public void close() {
        end();
        client.close();
    }

    /** Ends the attachment; if this is true, it had not ended, and the caller answers the client. */
    boolean abandon() {
        return end();
    }

    // what the client is sent

    @Override
    public void onAttached() {
        if (!ended.get()) {
            switched = true;
            onSwitch.run();
            write(ByteBuffer.wrap(SWITCHED));
        }
    }

    @Override
    public void onOutput(OutputStreamKind stream, byte[] bytes) {
        if (bytes.length > 0) {
            if (form == Form.LINES && bytes[bytes.length - 1] != '\n') {
                midLine.add(stream);
            } else {
                midLine.remove(stream);
            }
            write(AttachFrames.outputHead(stream, bytes.length), ByteBuffer.wrap(bytes));
        }
    }

    @Override
    public void onExit(int status) {
        Set.copyOf(midLine).forEach(stream -> onOutput(stream, new byte[] {'\n'}));
        write(AttachFrames.outputHead(OutputStreamKind.STDOUT, 0));
        if (form != Form.TERMINAL) {
            write(AttachFrames.outputHead(OutputStreamKind.STDERR, 0));
        }
        write(AttachFrames.exit(status));
        finish();
    }

    @Override
    public void onError(String reason) {
        if (switched) {
            write(AttachFrames.error(reason));
            finish();
        } else if (end()) {
            onRefusal.accept(reason);
        }
    }

    /** Also on a thread that was interrupted before, which would close the socket. */
    private void write(ByteBuffer... frame) {
        boolean interrupted = Thread.interrupted();
        writing.lock();
        try {
            if (!ended.get()) {
                client.write(frame);
            }
        } catch (IOException e) {
            log.atDebug().setCause(e).log("attached client is gone");
            close();
        } finally {
            writing.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    // what the client sends

    /** Until it has sent all, or left; what comes after the session's end is read and dropped. */
    private void readInput() {
        ByteBuffer buffer = ByteBuffer.allocate(INPUT_BYTES);
        try {
            while (true) {
                buffer.clear();
                client.read(buffer);
                buffer.flip();
                if (!ended.get()) {
                    pass(buffer);
                }
            }
        } catch (IOException | RuntimeException e) {
            log.atDebug().setCause(e).log("input of an attached client ended");
            close();
        }
    }

    private void pass(ByteBuffer bytes) {
        try {
            frames.read(bytes);
        } catch (AttachFrames.ProtocolException e) {
            log.atInfo().addKeyValue("reason", e.getMessage()).log("attached client does not speak the protocol");
            tell(String.valueOf(e.getMessage()));
        }
    }

    /** Says what is wrong, unless output keeps being written that the client does not read. */
    private void tell(String reason) {
        try {
            if (switched && writing.tryLock(TELL_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
                try {
                    write(AttachFrames.error(reason));
                    finish();
                } finally {
                    writing.unlock();
                }
            } else {
                close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            close();
        }
    }

    @Override
    public void stdin(byte[] bytes) {
        toJob(job -> job.stdin(bytes));
    }

    @Override
    public void endOfStdin() {
        toJob(Attachment::closeStdin);
    }

    @Override
    public void signal(int number) {
        toJob(job -> job.signal(number));
    }

    @Override
    public void resize(TerminalSize size) {
        toJob(job -> job.resize(size));
    }

    /** Input for a job that is down already, or that has no terminal to resize, is dropped. */
    private void toJob(Consumer<Attachment> action) {
        if (ended.get()) {
            return;
        }
        try {
            action.accept(attachment.join());
        } catch (FlynnException | CancellationException e) {
            log.atDebug().setCause(e).log("input of an attached client was refused");
        }
    }

    // the end

    /**
     * Ends a session whose protocol was switched: once all is written the client reads end of file, and what it still sends
     * is read and dropped. Closing at once would make the kernel discard the last frames when unread input is there. The
     * response is never resumed, because resuming would hand its objects to the next request.
     */
    private void finish() {
        if (!end()) {
            return;
        }
        try {
            client.endOutput();
            CompletableFuture.delayedExecutor(LINGER.toMillis(), TimeUnit.MILLISECONDS, executor)
                    .execute(client::close);
        } catch (IOException e) {
            log.atDebug().setCause(e).log("attached client is gone");
            client.close();
        }
    }

    private boolean end() {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        if (!attachment.cancel(false)) {
            attachment.join().close();
        }
        end.complete(null);
        return true;
    }
}
