package dev.flynn.link.hosts;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.base.Closer;
import dev.flynn.link.HostLink;
import dev.flynn.link.LinkStream;
import dev.flynn.link.StreamListener;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.host.AttachListener;
import dev.flynn.spi.host.Attachment;
import dev.flynn.spi.host.HostConnection;
import java.nio.ByteBuffer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets other hosts reach the jobs of this one. Any host of the cluster may: they are trusted alike. */
public final class JobService {

    private static final Logger log = LoggerFactory.getLogger(JobService.class);

    private final Supplier<HostConnection> local;

    private JobService(Supplier<HostConnection> local) {
        this.local = local;
    }

    /**
     * Serves until the subscription is closed.
     *
     * @param local the jobs of this host
     */
    public static Subscription serve(HostLink link, Supplier<HostConnection> local) {
        var service = new JobService(local);
        var closer = new Closer();
        closer.register(link.serveStreams(
                AttachRequest.SERVICE, (caller, method, argument, stream) -> service.attach(argument, stream)));
        closer.register(
                link.serveBlocking(AttachRequest.SERVICE, (caller, method, request) -> service.call(method, request)));
        return closer::close;
    }

    private byte[] call(String method, byte[] request) {
        if (!method.equals(AttachRequest.SIGNAL) || request.length <= Integer.BYTES) {
            throw FlynnException.unsupported("\"" + method + "\" of jobs");
        }
        ByteBuffer buffer = ByteBuffer.wrap(request);
        int number = buffer.getInt();
        local.get().signal(new JobId(UTF_8.decode(buffer).toString()), number);
        return new byte[0];
    }

    private StreamListener attach(byte[] argument, LinkStream stream) {
        AttachRequest request = AttachRequest.of(argument);
        var toStream = new ToStream(stream);
        Attachment attachment = local.get().attach(request.job(), request.stdin(), request.size(), toStream);
        toStream.send(Messages.TAKEN, new byte[0]);
        return new FromStream(attachment, stream);
    }

    /** What the job says, to the other host. */
    private record ToStream(LinkStream stream) implements AttachListener {

        @Override
        public void onAttached() {
            send(Messages.ATTACHED, new byte[0]);
        }

        @Override
        public void onOutput(OutputStreamKind kind, byte[] bytes) {
            for (int at = 0; at < bytes.length; at += Messages.PART_BYTES) {
                int length = Math.min(Messages.PART_BYTES, bytes.length - at);
                send(
                        Messages.OUTPUT,
                        ByteBuffer.allocate(1 + length)
                                .put((byte) kind.number())
                                .put(bytes, at, length)
                                .array());
            }
        }

        @Override
        public void onExit(int status) {
            send(
                    Messages.EXIT,
                    ByteBuffer.allocate(Integer.BYTES).putInt(status).array());
            stream.end();
        }

        @Override
        public void onError(String reason) {
            send(Messages.ERROR, reason.getBytes(UTF_8));
            stream.end();
        }

        /** A stream that is over must not disturb the job: the attachment is closed because of it anyway. */
        private void send(byte kind, byte[] content) {
            try {
                stream.send(Messages.message(kind, content));
            } catch (FlynnException | IllegalStateException over) {
                log.atDebug().setCause(over).log("nobody hears a job any more");
            }
        }
    }

    /** What the other host says, to the job. */
    private static final class FromStream implements StreamListener {

        private final Attachment attachment;
        private final LinkStream stream;
        private final Messages incoming = new Messages(this::received);

        FromStream(Attachment attachment, LinkStream stream) {
            this.attachment = attachment;
            this.stream = stream;
        }

        @Override
        public void onData(byte[] bytes) {
            incoming.accept(bytes);
        }

        private void received(byte kind, ByteBuffer content) {
            try {
                switch (kind) {
                    case Messages.STDIN -> attachment.stdin(Messages.bytes(content));
                    case Messages.CLOSE_STDIN -> attachment.closeStdin();
                    case Messages.RESIZE -> AttachRequest.size(content).ifPresent(attachment::resize);
                    default -> throw FlynnException.invalid("no message to a job has the number " + kind);
                }
            } catch (FlynnException e) {
                if (kind != Messages.RESIZE) {
                    tellStdinFailed(e);
                }
            }
        }

        private void tellStdinFailed(FlynnException why) {
            try {
                stream.send(
                        Messages.message(Messages.STDIN_FAILED, why.getMessage().getBytes(UTF_8)));
            } catch (FlynnException | IllegalStateException over) {
                log.atDebug().setCause(over).log("nobody hears a job any more");
            }
        }

        @Override
        public void onEnd() {
            attachment.close();
        }

        @Override
        public void onFailing() {
            attachment.close();
        }

        @Override
        public void onFailure(FlynnException reason) {
            attachment.close();
        }
    }
}
