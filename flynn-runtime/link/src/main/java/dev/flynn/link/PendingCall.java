package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A call that waits for its answer: first for a connection, then for its turn to be sent, then for the other host. */
final class PendingCall extends CompletableFuture<ByteBuffer> {

    private final String service;
    private final String method;
    private final ByteBuffer request;
    private final long timeoutMillis;
    private final long deadlineNanos;
    private volatile @Nullable Connection connection;
    private int number;

    PendingCall(String service, String method, ByteBuffer request, long timeoutMillis) {
        this.service = service;
        this.method = method;
        this.request = request;
        this.timeoutMillis = timeoutMillis;
        this.deadlineNanos = System.nanoTime() + timeoutMillis * 1_000_000;
    }

    String name() {
        return service + "/" + method;
    }

    int requestBytes() {
        return request.remaining();
    }

    boolean isLate(long nowNanos) {
        return nowNanos - deadlineNanos > 0;
    }

    void timeOut(String host) {
        completeExceptionally(FlynnException.unavailable(
                "host \"%s\" did not answer %s in %d ms".formatted(host, name(), timeoutMillis), null));
    }

    /** The other host is told that nobody waits any more. */
    @Override
    public boolean cancel(boolean mayInterrupt) {
        boolean cancelled = super.cancel(mayInterrupt);
        Connection sentBy = connection;
        if (cancelled && sentBy != null) {
            sentBy.forget(this);
        }
        return cancelled;
    }

    int number() {
        return number;
    }

    Outgoing frame() {
        return new Frame();
    }

    private final class Frame extends Outgoing {

        @Override
        ByteBuffer payload() {
            return request;
        }

        @Override
        boolean writeHead(Connection sentBy, ByteBuf out) {
            if (isDone()) {
                return false;
            }
            connection = sentBy;
            number = sentBy.number(PendingCall.this);
            out.writeByte(Wire.CALL).writeInt(number).writeInt((int) Math.min(Integer.MAX_VALUE, timeoutMillis));
            Wire.writeText(out, service);
            Wire.writeText(out, method);
            return true;
        }

        @Override
        void stillWaits(long nowNanos, String host) {
            if (isLate(nowNanos)) {
                timeOut(host);
            }
        }

        @Override
        void lost(RuntimeException why) {
            completeExceptionally(why);
        }
    }
}
