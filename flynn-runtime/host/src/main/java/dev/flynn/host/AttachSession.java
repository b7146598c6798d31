package dev.flynn.host;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One attachment to one job. The listener is called in order and one call at a time; what is typed before the job runs
 * waits until it does.
 */
final class AttachSession implements Attachment {

    /** Clients compare this text. */
    static final String NOT_RUNNING = "host: job not running";

    /** Pieces of output before the job runs; of a job that is this talkative the rest is in its log alone. */
    private static final int MOST_EARLY = 1000;

    private record Output(OutputStreamKind stream, byte[] bytes) {}

    private final JobId job;
    private final boolean wantsStdin;
    private final AttachListener listener;
    private final Supplier<LocalJob> target;
    private final Consumer<AttachSession> onClose;

    /** Opens once the session is attached, or will never be. */
    private final CountDownLatch decided = new CountDownLatch(1);

    private final List<Output> early = new ArrayList<>();

    private Optional<TerminalSize> size;
    private boolean attached;
    private volatile boolean over;
    private volatile @Nullable OutputStream stdin;

    /** @param target the job, once this host runs it; fails with {@code OBJECT_NOT_FOUND} if it does not */
    AttachSession(
            JobId job,
            boolean wantsStdin,
            Optional<TerminalSize> size,
            AttachListener listener,
            Supplier<LocalJob> target,
            Consumer<AttachSession> onClose) {
        this.job = job;
        this.wantsStdin = wantsStdin;
        this.size = size;
        this.listener = listener;
        this.target = target;
        this.onClose = onClose;
    }

    synchronized void attached() {
        if (!attached && !over) {
            attached = true;
            size.ifPresent(this::resizeIfItCan);
            decided.countDown();
            listener.onAttached();
            early.forEach(piece -> listener.onOutput(piece.stream(), piece.bytes()));
            early.clear();
        }
    }

    /** What is said of a job that does not run yet, such as that its image is being fetched, waits until it does. */
    synchronized void output(OutputStreamKind stream, byte[] bytes) {
        if (over) {
            return;
        }
        if (attached) {
            listener.onOutput(stream, bytes);
        } else if (early.size() < MOST_EARLY) {
            early.add(new Output(stream, bytes));
        }
    }

    synchronized void exit(int status) {
        if (!over) {
            over = true;
            decided.countDown();
            listener.onExit(status);
        }
    }

    synchronized void error(String reason) {
        if (!over) {
            over = true;
            decided.countDown();
            listener.onError(reason);
        }
    }

    @Override
    public void stdin(byte[] bytes) {
        try {
            OutputStream stream = openStdin();
            stream.write(bytes);
            stream.flush();
        } catch (IOException e) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "stdin is closed", e);
        }
    }

    @Override
    public void closeStdin() {
        try {
            openStdin().close();
        } catch (IOException alreadyClosed) {
            // end of file is what was wanted
        }
    }

    private OutputStream openStdin() {
        if (!wantsStdin) {
            throw FlynnException.invalid("this attachment to job %s has no stdin".formatted(job));
        }
        awaitAttached();
        OutputStream open = stdin;
        if (open == null) {
            LocalJob running = target.get();
            if (!running.takeStdin(this)) {
                throw FlynnException.invalid("stdin is closed");
            }
            open = running.backend.stdin(job);
            stdin = open;
        }
        return open;
    }

    private void awaitAttached() {
        try {
            decided.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted before job " + job + " ran", e);
        }
        if (over) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, NOT_RUNNING);
        }
    }

    /** Before the job runs, that is the size which its terminal gets then. */
    @Override
    public void resize(TerminalSize wanted) {
        synchronized (this) {
            if (!attached) {
                size = Optional.of(wanted);
                return;
            }
        }
        target.get().backend.resize(job, wanted);
    }

    synchronized Optional<TerminalSize> size() {
        return size;
    }

    private void resizeIfItCan(TerminalSize wanted) {
        try {
            target.get().backend.resize(job, wanted);
        } catch (FlynnException noTerminal) {
            // only jobs with a terminal have a size
        }
    }

    @Override
    public void signal(int number) {
        target.get().backend.signal(job, number);
    }

    /** Never waits: neither for a listener that is stuck nor for a job that does not read. */
    @Override
    public void close() {
        over = true;
        decided.countDown();
        onClose.accept(this);
        OutputStream open = stdin;
        if (open != null) {
            new NamedThreads("close-stdin-" + job)
                    .newThread(() -> closeQuietly(open))
                    .start();
        } else if (wantsStdin) {
            new NamedThreads("close-stdin-" + job)
                    .newThread(this::closeUntouchedStdin)
                    .start();
        }
    }

    /** The job reads end of file although this attachment never wrote. */
    private void closeUntouchedStdin() {
        try {
            LocalJob running = target.get();
            if (running.takeStdin(this)) {
                closeQuietly(running.backend.stdin(job));
            }
        } catch (FlynnException jobDoesNotRun) {
            // there is no stdin to close
        }
    }

    private static void closeQuietly(OutputStream stream) {
        try {
            stream.close();
        } catch (IOException alreadyClosed) {
            // closed is what it should be
        }
    }
}
