package dev.flynn.link.hosts;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.TerminalSize;
import dev.flynn.api.id.JobId;
import dev.flynn.link.HostLink;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** One other host. */
final class RemoteHost implements HostConnection {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final HostLink link;
    private final String hostId;
    private final String address;

    RemoteHost(HostLink link, String hostId, String address) {
        this.link = link;
        this.hostId = hostId;
        this.address = address;
    }

    @Override
    public Attachment attach(JobId job, boolean stdin, Optional<TerminalSize> size, AttachListener listener) {
        var attachment = new RemoteAttachment(stdin, listener, number -> signal(job, number));
        try {
            attachment.opened(link.openStream(
                    hostId,
                    address,
                    AttachRequest.SERVICE,
                    AttachRequest.ATTACH,
                    new AttachRequest(job, stdin, size).toBytes(),
                    attachment));
        } catch (FlynnException e) {
            throw refused(e);
        }
        awaitTaken(attachment);
        return attachment;
    }

    /** Else a job that is made wanted next may run, and end, before its host knows that somebody wants to hear it. */
    private void awaitTaken(RemoteAttachment attachment) {
        try {
            attachment.awaitTaken(PATIENCE);
        } catch (ExecutionException e) {
            attachment.close();
            throw refused(e);
        } catch (TimeoutException e) {
            attachment.close();
            throw FlynnException.unavailable(
                    "host \"%s\" did not take an attachment within %d s".formatted(hostId, PATIENCE.toSeconds()), e);
        } catch (InterruptedException e) {
            attachment.close();
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted before host \"%s\" took an attachment".formatted(hostId), e);
        }
    }

    /** Whatever is the matter with that host or the way to it, another may do; only a wrong request is wrong everywhere. */
    private FlynnException refused(Exception failure) {
        Throwable cause = failure.getCause();
        Throwable why = failure instanceof ExecutionException && cause != null ? cause : failure;
        if (why instanceof FlynnException told && told.code() == ErrorCode.VALIDATION) {
            return new FlynnException(told.code(), told.getMessage(), told);
        }
        return FlynnException.unavailable(
                "host \"%s\" takes no attachment: %s".formatted(hostId, why.getMessage()), why);
    }

    @Override
    public void signal(JobId job, int number) {
        byte[] id = job.value().getBytes(UTF_8);
        byte[] request = ByteBuffer.allocate(Integer.BYTES + id.length)
                .putInt(number)
                .put(id)
                .array();
        try {
            var unused = link.call(hostId, address, AttachRequest.SERVICE, AttachRequest.SIGNAL, request, PATIENCE)
                    .get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted while job " + job + " was signalled", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof FlynnException told
                    ? new FlynnException(told.code(), told.getMessage(), told)
                    : FlynnException.unavailable("cannot signal job " + job, e);
        }
    }
}
