package dev.flynn.router;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.Trailers;
import dev.flynn.router.table.Health;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.ChannelFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Asks a backend once whether it can serve; on the loop's thread. */
final class HealthProbe implements BackendListener {

    private static final int WORST_GOOD_STATUS = 399;

    private final RouterLoop loop;
    private final Health.Subject subject;
    private final Consumer<Boolean> outcome;
    private @Nullable ChannelFuture dialing;
    private @Nullable BackendSide connection;
    private boolean over;

    /** @param outcome hears once whether the answer was good */
    HealthProbe(RouterLoop loop, Health.Subject subject, Consumer<Boolean> outcome) {
        this.loop = loop;
        this.subject = subject;
        this.outcome = outcome;
    }

    void start() {
        HealthCheck check = subject.question().check();
        int patience = RouterConfig.millis(check.timeout());
        loop.after(TimeUnit.MILLISECONDS.toNanos(patience), () -> end(false));
        if (subject.question().protocol() == BackendProtocol.H2C) {
            loop.http2Backends().open(subject.backend(), patience, this::connected, () -> end(false));
        } else {
            dialing = BackendConnection.dial(loop, subject.backend(), patience, this::connected, () -> end(false));
        }
    }

    private void connected(BackendSide fresh) {
        dialing = null;
        if (over) {
            fresh.close();
            return;
        }
        connection = fresh;
        fresh.begin(this, false, 0);
        fresh.sendHead(request());
        fresh.flush();
    }

    private ByteBuf request() {
        ByteBuf head = PooledByteBufAllocator.DEFAULT.buffer(256);
        ByteBufUtil.writeUtf8(
                head,
                "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: flynn-router health check\r\nConnection: close\r\n\r\n"
                        .formatted(
                                subject.question().check().path(),
                                subject.backend().addr()));
        return head;
    }

    private void end(boolean good) {
        if (over) {
            return;
        }
        over = true;
        if (dialing != null) {
            dialing.cancel(false);
        }
        if (connection != null) {
            connection.close();
        }
        outcome.accept(good);
    }

    @Override
    public void responseHead(Head head, long framing) {
        end(head.status() <= WORST_GOOD_STATUS);
    }

    @Override
    public void backendFailed(String reason) {
        end(false);
    }

    @Override
    public void upgraded(Head head, BackendConnection upgraded) {
        end(false);
    }

    @Override
    public void responseData(ByteBuf data) {
        data.release();
    }

    @Override
    public void interimResponse(Head head) {}

    @Override
    public void flushResponse() {}

    @Override
    public void responseEnd(Trailers trailers) {}

    @Override
    public void backendWritable() {}

    @Override
    public void backendStoppedReading() {}
}
