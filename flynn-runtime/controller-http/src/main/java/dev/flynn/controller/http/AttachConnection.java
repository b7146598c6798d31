package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.Closeable;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.EmptyCompletionHandler;
import org.glassfish.grizzly.ICloseType;
import org.glassfish.grizzly.ReadHandler;
import org.glassfish.grizzly.http.io.NIOInputStream;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.glassfish.grizzly.nio.NIOConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one job's input and output over an HTTP connection that was upgraded.
 *
 * <p>Output is written by the host's thread and blocks while the client does not read, which slows the job down and nothing
 * else. Input is read by a thread of the executor, only while the job takes it. A client that goes away ends the attachment;
 * the job goes on.
 */
final class AttachConnection implements AttachListener, ReadHandler, AttachFrames.Input, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AttachConnection.class);

    /** As much of the input as is passed on at once. */
    private static final int INPUT_BYTES = 64 * 1024;

    /** How long a client may take to notice the end. */
    private static final Duration LINGER = Duration.ofSeconds(5);

    private final Request request;
    private final Response response;
    private final boolean terminal;
    private final Executor executor;
    private final Consumer<String> onRefusal;
    private final Connection<?> connection;
    private final NIOInputStream in;
    private final AttachFrames.Reader frames = new AttachFrames.Reader(this);
    private final AtomicBoolean ended = new AtomicBoolean();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final CloseListener<Closeable, ICloseType> onClose = (closed, type) -> end();
    private final CompletableFuture<Attachment> attachment = new CompletableFuture<>();
    private volatile boolean switched;

    /** Whether input came before the protocol was switched; it is left unread until then. */
    private final AtomicBoolean inputWaits = new AtomicBoolean();

    /**
     * @param terminal whether the job has a terminal, so that all output is one stream
     * @param onRefusal answers with an error and ends the response; called if the job could not be attached
     */
    AttachConnection(
            Request request, Response response, boolean terminal, Executor executor, Consumer<String> onRefusal) {
        this.request = request;
        this.response = response;
        this.terminal = terminal;
        this.executor = executor;
        this.onRefusal = onRefusal;
        this.connection = request.getContext().getConnection();
        this.in = request.getNIOInputStream();
        connection.addCloseListener(onClose);
    }

    /** Notices from now on when the client leaves; the response must be suspended. */
    void watchClient() {
        in.notifyAvailable(this);
    }

    /** Gives the other end, which is closed with this. */
    void use(Attachment opened) {
        attachment.complete(opened);
    }

    /** Runs the action once, when the attachment has ended. */
    void whenEnded(Runnable action) {
        var unused = end.thenRun(action);
    }

    /** Ends the session; the job goes on. */
    @Override
    public void close() {
        end();
        connection.closeSilently();
    }

    /** Ends the attachment; if this is true, it had not ended, and the caller answers the client. */
    boolean abandon() {
        return end();
    }

    @Override
    public void onAttached() {
        if (ended.get()) {
            return;
        }
        // a client may stop reading for as long as it likes
        connection.setWriteTimeout(-1, TimeUnit.MILLISECONDS);
        response.setStatus(101, "Switching Protocols");
        response.setHeader("Connection", "upgrade");
        response.setHeader("Upgrade", AttachFrames.PROTOCOL);
        try {
            switched = true;
            response.flush();
            if (inputWaits.getAndSet(false)) {
                executor.execute(this::passInput);
            }
        } catch (IOException | RuntimeException e) {
            log.atDebug().setCause(e).log("client left before it was attached");
            end();
        }
    }

    @Override
    public void onOutput(OutputStreamKind stream, byte[] bytes) {
        if (bytes.length > 0) {
            write(AttachFrames.output(stream, bytes));
        }
    }

    @Override
    public void onExit(int status) {
        write(AttachFrames.endOfOutput(OutputStreamKind.STDOUT));
        if (!terminal) {
            write(AttachFrames.endOfOutput(OutputStreamKind.STDERR));
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

    @Override
    public void onDataAvailable() {
        inputWaits.set(true);
        if (switched && inputWaits.getAndSet(false)) {
            executor.execute(this::passInput);
        }
    }

    @Override
    public void onAllDataRead() {
        end();
    }

    @Override
    public void onError(Throwable failure) {
        end();
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

    /** Passes on what is there, and what comes next; once the session has ended it is read and dropped. */
    private void passInput() {
        try {
            byte[] buffer = new byte[INPUT_BYTES];
            while (in.readyData() > 0) {
                int count = in.read(buffer, 0, Math.min(buffer.length, in.readyData()));
                if (count > 0 && !ended.get()) {
                    pass(ByteBuffer.wrap(buffer, 0, count));
                }
            }
            in.notifyAvailable(this);
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
            write(AttachFrames.error(String.valueOf(e.getMessage())));
            finish();
        }
    }

    /** Input for a job that is down already, or that has no terminal to resize, is dropped. */
    private void toJob(Consumer<Attachment> action) {
        if (ended.get()) {
            return;
        }
        try {
            action.accept(attachment.join());
        } catch (FlynnException e) {
            log.atDebug().setCause(e).log("input of an attached client was refused");
        }
    }

    private void write(byte[] frame) {
        if (ended.get()) {
            return;
        }
        try {
            OutputStream out = response.getOutputStream();
            out.write(frame);
            out.flush();
        } catch (IOException | UncheckedIOException | IllegalStateException e) {
            log.atDebug().setCause(e).log("attached client is gone");
            end();
        }
    }

    /**
     * Ends a session whose protocol was switched: once all is written the client reads end of file, and what it still sends
     * is read and dropped. Closing at once would make the kernel discard the last frames when unread input is there. The
     * response is never resumed, because resuming would hand these objects to the next request while a thread reads input.
     */
    private void finish() {
        if (!end()) {
            return;
        }
        request.getContext().flush(new EmptyCompletionHandler<Object>() {
            @Override
            public void completed(Object flushed) {
                endOutput();
            }
        });
        CompletableFuture.delayedExecutor(LINGER.toMillis(), TimeUnit.MILLISECONDS, executor)
                .execute(connection::closeSilently);
    }

    private void endOutput() {
        try {
            if (connection instanceof NIOConnection nio && nio.getChannel() instanceof SocketChannel channel) {
                channel.shutdownOutput();
            } else {
                connection.closeSilently();
            }
        } catch (IOException e) {
            log.atDebug().setCause(e).log("attached client is gone");
            connection.closeSilently();
        }
    }

    private boolean end() {
        if (!ended.compareAndSet(false, true)) {
            return false;
        }
        connection.removeCloseListener(onClose);
        var unused = attachment.thenAccept(Attachment::close);
        end.complete(null);
        return true;
    }
}
