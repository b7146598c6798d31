package dev.flynn.link.hosts;

import static java.nio.charset.StandardCharsets.UTF_8;

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
        attachment.opened(link.openStream(
                hostId,
                address,
                AttachRequest.SERVICE,
                AttachRequest.ATTACH,
                new AttachRequest(job, stdin, size).toBytes(),
                attachment));
        return attachment;
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
