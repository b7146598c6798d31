package dev.flynn.link.hosts;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.link.LinkStream;
import dev.flynn.link.StreamListener;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/** An attachment to a job of another host. The listener hears the same as it would on that host. */
final class RemoteAttachment implements Attachment, StreamListener {

    private final boolean wantsStdin;
    private final AttachListener listener;
    private final IntConsumer signal;
    private final Messages incoming = new Messages(this::received);
    private final CountDownLatch opened = new CountDownLatch(1);
    private final CompletableFuture<Void> taken = new CompletableFuture<>();
    private volatile @Nullable LinkStream stream;
    private volatile @Nullable String stdinFailure;
    private volatile boolean over;

    RemoteAttachment(boolean wantsStdin, AttachListener listener, IntConsumer signal) {
        this.wantsStdin = wantsStdin;
        this.listener = listener;
        this.signal = signal;
    }

    void opened(LinkStream established) {
        stream = established;
        opened.countDown();
    }

    /**
     * Waits until the job's host knows of this attachment, or has said anything else.
     *
     * @throws ExecutionException with what it, or the connection to it, failed by; the listener has heard nothing then
     */
    void awaitTaken(Duration patience) throws InterruptedException, ExecutionException, TimeoutException {
        taken.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    }

    private LinkStream stream() {
        try {
            opened.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted before the job's host answered", e);
        }
        LinkStream established = stream;
        if (established == null || over) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "host: job not running");
        }
        return established;
    }

    // to the job

    @Override
    public void stdin(byte[] bytes) {
        requireStdin();
        for (int at = 0; at < bytes.length; at += Messages.PART_BYTES) {
            byte[] part = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + Messages.PART_BYTES));
            stream().send(Messages.message(Messages.STDIN, part));
        }
    }

    @Override
    public void closeStdin() {
        requireStdin();
        stream().send(Messages.message(Messages.CLOSE_STDIN, new byte[0]));
    }

    private void requireStdin() {
        if (!wantsStdin) {
            throw FlynnException.invalid("this attachment has no stdin");
        }
        String failure = stdinFailure;
        if (failure != null) {
            throw FlynnException.invalid(failure);
        }
    }

    @Override
    public void resize(TerminalSize size) {
        stream().send(Messages.message(Messages.RESIZE, AttachRequest.toBytes(size)));
    }

    @Override
    public void signal(int number) {
        signal.accept(number);
    }

    @Override
    public void close() {
        over = true;
        LinkStream established = stream;
        if (established != null) {
            established.close();
        }
    }

    // from the job

    @Override
    public void onData(byte[] bytes) {
        incoming.accept(bytes);
    }

    private void received(byte kind, ByteBuffer content) {
        if (over) {
            return;
        }
        taken.complete(null);
        switch (kind) {
            case Messages.ATTACHED -> listener.onAttached();
            case Messages.OUTPUT -> listener.onOutput(stream(content.get()), Messages.bytes(content));
            case Messages.EXIT -> {
                over = true;
                listener.onExit(content.getInt());
            }
            case Messages.ERROR -> {
                over = true;
                listener.onError(UTF_8.decode(content).toString());
            }
            case Messages.STDIN_FAILED -> stdinFailure = UTF_8.decode(content).toString();
            default -> {} // what a newer host has to say besides
        }
    }

    private static OutputStreamKind stream(byte number) {
        for (OutputStreamKind kind : OutputStreamKind.values()) {
            if (kind.number() == number) {
                return kind;
            }
        }
        throw FlynnException.invalid("no output has the number " + number);
    }

    @Override
    public void onEnd() {
        lost(FlynnException.unavailable("its host ended the attachment", null));
        LinkStream established = stream;
        if (established != null) {
            established.end();
        }
    }

    @Override
    public void onFailure(FlynnException reason) {
        lost(reason);
    }

    private void lost(FlynnException reason) {
        boolean refused = taken.completeExceptionally(reason);
        if (!over) {
            over = true;
            if (!refused) {
                listener.onError(reason.getMessage());
            }
        }
    }
}
