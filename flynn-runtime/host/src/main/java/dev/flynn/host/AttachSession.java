package dev.flynn.host;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import java.io.IOException;
import java.io.OutputStream;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One attachment to one job; delivers in order and one call at a time. */
final class AttachSession implements Attachment {

    /** Clients compare this text. */
    static final String NOT_RUNNING = "host: job not running";

    private final JobId job;
    private final boolean wantsStdin;
    private final AttachListener listener;
    private final Supplier<ContainerBackend> backend;
    private final Consumer<AttachSession> onClose;

    private @Nullable OutputStream stdin;
    private boolean attached;
    private boolean over;

    AttachSession(
            JobId job,
            boolean wantsStdin,
            AttachListener listener,
            Supplier<ContainerBackend> backend,
            Consumer<AttachSession> onClose) {
        this.job = job;
        this.wantsStdin = wantsStdin;
        this.listener = listener;
        this.backend = backend;
        this.onClose = onClose;
    }

    synchronized void attached() {
        if (!attached && !over) {
            attached = true;
            listener.onAttached();
        }
    }

    synchronized void output(OutputStreamKind stream, byte[] bytes) {
        if (!over) {
            listener.onOutput(stream, bytes);
        }
    }

    synchronized void exit(int status) {
        if (!over) {
            over = true;
            listener.onExit(status);
        }
    }

    synchronized void error(String reason) {
        if (!over) {
            over = true;
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
            throw FlynnException.invalid("this attachment has no stdin");
        }
        if (stdin == null) {
            stdin = backend.get().stdin(job);
        }
        return stdin;
    }

    @Override
    public void resize(TerminalSize size) {
        backend.get().resize(job, size);
    }

    @Override
    public void signal(int number) {
        backend.get().signal(job, number);
    }

    @Override
    public void close() {
        synchronized (this) {
            over = true;
        }
        onClose.accept(this);
        if (wantsStdin) {
            try {
                closeStdin();
            } catch (FlynnException jobIsDown) {
                // its stdin went with it
            }
        }
    }
}
