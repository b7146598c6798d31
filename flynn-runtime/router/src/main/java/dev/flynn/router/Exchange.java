package dev.flynn.router;

import dev.flynn.api.route.BackendProtocol;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its response: chooses the backend, and carries both ways.
 *
 * <p>Only a failed dial moves on to another backend. The one other thing that is repeated is a request without a body and
 * without side effects whose kept connection turns out to have been closed by the backend meanwhile; and a request that
 * cannot be repeated is not sent over a connection that has been idle for long.
 */
final class Exchange {

    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    private static final byte[] HEAD_METHOD = Ascii.bytes("HEAD");
    private static final List<byte[]> SAFE_METHODS =
            List.of(Ascii.bytes("GET"), HEAD_METHOD, Ascii.bytes("OPTIONS"), Ascii.bytes("TRACE"));

    /** For how long a kept connection is trusted with a request that cannot be repeated. */
    private static final long TRUSTED_IDLE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ClientSide client;
    private final RouterLoop loop;
    private final boolean headOnly;
    private final boolean upgrade;
    private final boolean repeatable;
    private final long framing;
    private final boolean asHtml;

    private @Nullable Target target;
    private Target.@Nullable Option option;
    private @Nullable Gate gate;
    private @Nullable BackendSet backends;
    private @Nullable String stickyWish;
    private @Nullable ByteBuf requestHead;
    private List<Backend> tried = List.of();
    private @Nullable Backend backend;
    private @Nullable ChannelFuture dialing;
    private @Nullable BackendSide connection;

    private long requestBytes;
    private boolean requestEnded;
    private boolean discardsRequest;
    private boolean responseStarted;
    private boolean responseEnded;
    private boolean finished;

    Exchange(ClientSide client, RouterLoop loop, Head head, long framing) {
        this.client = client;
        this.loop = loop;
        this.headOnly = head.methodIs(HEAD_METHOD);
        this.upgrade = RequestHeadWriter.asksForUpgrade(head);
        this.repeatable = framing == 0 && isSafe(head);
        this.framing = framing;
        this.asHtml = ErrorPage.isWantedAsHtml(head);
        this.requestEnded = framing == 0;
    }

    private static boolean isSafe(Head head) {
        for (byte[] method : SAFE_METHODS) {
            if (head.methodIs(method)) {
                return true;
            }
        }
        return false;
    }

    /** Finds the route and a backend; the head's content is not needed afterwards. */
    void start(Head head, RequestTarget wanted, Hop hop) {
        Target found = loop.core().table().find(wanted.host(), head.bytes(), wanted.pathStart(), wanted.pathEnd());
        if (found == null) {
            answer(ErrorPage.NOT_FOUND);
            return;
        }
        target = found;
        if (found.gate() != null && !enters(found.gate(), head, wanted, hop)) {
            return;
        }
        if (framing > maxBodyBytes()) {
            answer(ErrorPage.CONTENT_TOO_LARGE);
            return;
        }
        if (found.sticky()) {
            stickyWish = loop.core().cookies().backend(head);
        }
        Target.Option chosen = found.choose(stickyWish);
        option = chosen;
        backends = chosen.backends();
        requestHead = client.alloc().buffer(1024);
        HeaderEdits edits = gate == null ? HeaderEdits.NONE : gate.requestEdits();
        RequestHeadWriter.write(head, wanted, framing, upgrade, hop, edits, System.currentTimeMillis(), requestHead);
        tryNext();
    }

    private boolean enters(Gate entered, Head head, RequestTarget wanted, Hop hop) {
        Answer refusal = entered.enter(head, wanted, hop, loop.core().httpsPort());
        if (refusal != null) {
            answer(refusal);
            return false;
        }
        gate = entered;
        return true;
    }

    // ---- what the client does

    /** Whether bytes of the request's body can be taken now. */
    boolean acceptsRequestData() {
        return discardsRequest || (connection != null && connection.isWritable());
    }

    void requestData(ByteBuf data) {
        requestBytes += data.readableBytes();
        if (requestBytes > maxBodyBytes() && !discardsRequest) {
            data.release();
            refuseRest();
        } else if (discardsRequest || connection == null) {
            data.release();
        } else {
            connection.sendData(data);
        }
    }

    /** The body has become longer than the route allows: the backend does not get it whole. */
    private void refuseRest() {
        boolean isAnswering = responseStarted && !responseEnded;
        discardsRequest = true;
        dropBackend();
        if (isAnswering) {
            client.breakOff();
        } else if (!responseStarted) {
            answer(ErrorPage.CONTENT_TOO_LARGE);
        }
    }

    private long maxBodyBytes() {
        return gate == null ? Long.MAX_VALUE : gate.maxBodyBytes();
    }

    void requestEnd(Trailers trailers) {
        requestEnded = true;
        if (!discardsRequest && connection != null) {
            connection.sendEnd(trailers);
        }
        if (responseEnded) {
            finish();
        }
    }

    void flushRequest() {
        if (connection != null) {
            connection.flush();
        }
    }

    boolean hasStartedResponse() {
        return responseStarted;
    }

    /** Whether the response is complete; what remains is the rest of the request. */
    boolean isAnswered() {
        return responseEnded;
    }

    /** Whether nobody wants the rest of the request. */
    boolean discardsRequest() {
        return discardsRequest;
    }

    void clientWritable(boolean writable) {
        if (connection != null && !responseEnded) {
            connection.setReading(writable);
        }
    }

    /** The client is gone, or is about to be cut off: the backend is told by the end of its connection. */
    void cancel() {
        if (!finished) {
            finished = true;
            if (dialing != null) {
                dialing.cancel(false);
            }
            dropBackend();
            dropRequestHead();
            leave();
        }
    }

    /** Nothing has moved for too long. */
    void timeOut() {
        if (responseStarted) {
            client.abort();
        } else {
            dropBackend();
            answer(ErrorPage.SERVICE_UNAVAILABLE);
        }
    }

    // ---- what the backend does

    void interimResponse(Head head) {
        client.writeInterim(head);
    }

    void responseHead(Head head, long framing) {
        responseStarted = true;
        dropRequestHead();
        client.writeHead(head, framing, responseEdits(), stickyCookie());
    }

    void responseData(ByteBuf data) {
        client.writeData(data);
    }

    void flushResponse() {
        client.flush();
    }

    void responseEnd(Trailers trailers) {
        responseEnded = true;
        client.writeEnd(trailers);
        client.flush();
        if (requestEnded) {
            finish();
        } else {
            finishRequest();
        }
    }

    void upgraded(Head head, BackendConnection upgradedConnection) {
        Backend carried = backend;
        if (!upgrade || (framing == Framing.CHUNKED && !requestEnded) || carried == null) {
            backendFailed("switched protocols out of turn");
            return;
        }
        responseStarted = true;
        finished = true;
        dropRequestHead();
        client.beginTunnel(head, responseEdits(), stickyCookie(), upgradedConnection, () -> {
            carried.end();
            leave();
        });
    }

    void backendWritable() {
        client.resume();
    }

    /** The backend takes no more of the request; it may have answered all the same. */
    void backendStoppedReading() {
        discardsRequest = true;
        client.resume();
    }

    /** The connection ended, or what came over it was no HTTP. */
    void backendFailed(String reason) {
        BackendSide failed = connection;
        if (finished || failed == null) {
            return;
        }
        if (responseEnded) {
            discardsRequest = true;
            failed.close();
            connection = null;
            client.resume();
        } else if (responseStarted) {
            logFailure("response broken off", reason);
            client.breakOff();
        } else if (failed.isReused() && repeatable && !failed.hasReceivedBytes() && backend != null) {
            failed.close();
            connection = null;
            dial(backend);
        } else if (repeatable && !failed.hasReceivedBytes() && backend != null && hasLeft(backend)) {
            failed.close();
            connection = null;
            tryAnother(backend);
        } else {
            logFailure("no response", reason);
            dropBackend();
            answer(ErrorPage.SERVICE_UNAVAILABLE);
        }
    }

    /** Whether the backend is about to end, so that nobody is to notice that it did. */
    private boolean hasLeft(Backend asked) {
        return option != null && !loop.core().table().backends(option.service()).has(asked);
    }

    private void logFailure(String what, String reason) {
        log.atWarn()
                .addKeyValue("service", option == null ? "" : option.service().name())
                .addKeyValue("backend", backend)
                .addKeyValue("reason", reason)
                .log(what);
    }

    // ---- choosing

    private void tryNext() {
        Backend next = chooseBackend();
        if (next == null) {
            answer(ErrorPage.SERVICE_UNAVAILABLE);
            return;
        }
        backend = next;
        next.begin();
        BackendConnection kept = upgrade || speaksHttp2() || (target != null && target.disableKeepAlives())
                ? null
                : loop.pool().take(next, repeatable ? Long.MAX_VALUE : TRUSTED_IDLE_NANOS);
        if (kept != null) {
            attach(kept);
        } else {
            dial(next);
        }
    }

    /** When all were tried in vain, the newest table may know others. */
    private @Nullable Backend chooseBackend() {
        while (backends != null && option != null) {
            Backend wished = stickyWish == null ? null : backends.named(stickyWish, tried);
            Backend chosen = wished == null ? backends.choose(tried) : wished;
            if (chosen != null) {
                return chosen;
            }
            BackendSet newest = loop.core().table().backends(option.service());
            if (newest == backends) {
                return null;
            }
            backends = newest;
        }
        return null;
    }

    private boolean speaksHttp2() {
        return target != null && target.protocol() == BackendProtocol.H2C;
    }

    private void dial(Backend dialed) {
        if (speaksHttp2()) {
            loop.http2Backends().open(dialed, this::connected, this::refused);
            return;
        }
        dialing = BackendConnection.dial(loop, dialed, this::connected, this::refused);
    }

    private void connected(BackendSide fresh) {
        dialing = null;
        fresh.backend().accepted();
        if (finished) {
            fresh.close();
        } else {
            attach(fresh);
        }
    }

    private void refused() {
        dialing = null;
        Backend refusing = backend;
        if (finished || refusing == null) {
            return;
        }
        refusing.refused();
        tryAnother(refusing);
    }

    private void tryAnother(Backend failing) {
        failing.end();
        backend = null;
        if (tried.isEmpty()) {
            tried = new ArrayList<>();
        }
        tried.add(failing);
        tryNext();
    }

    private void attach(BackendSide attached) {
        ByteBuf head = requestHead;
        if (head == null) {
            throw new IllegalStateException("the request was sent before");
        }
        connection = attached;
        attached.begin(this, headOnly, framing);
        boolean keepsCopy = repeatable;
        requestHead = keepsCopy ? head : null;
        attached.sendHead(keepsCopy ? head.retainedDuplicate() : head);
        client.resume();
    }

    // ---- answering and ending

    private HeaderEdits responseEdits() {
        return gate == null ? HeaderEdits.NONE : gate.responseEdits();
    }

    private @Nullable String stickyCookie() {
        if (target == null
                || !target.sticky()
                || backend == null
                || backend.addr().equals(stickyWish)) {
            return null;
        }
        return loop.core().cookies().cookie(backend.addr());
    }

    /** Answers without a backend. */
    private void answer(Answer page) {
        responseStarted = true;
        responseEnded = true;
        discardsRequest = true;
        dropRequestHead();
        client.answer(page, asHtml, headOnly);
        if (requestEnded) {
            finish();
        } else {
            finishRequest();
        }
    }

    /** The response is complete: takes the rest of the request, for as long as the backend does. */
    private void finishRequest() {
        if (connection != null && !connection.isWritable()) {
            discardsRequest = true;
        }
        client.awaitRestOfRequest();
    }

    private void finish() {
        if (finished) {
            return;
        }
        finished = true;
        if (connection != null && !discardsRequest && (target == null || !target.disableKeepAlives())) {
            connection.release();
            connection = null;
        }
        dropBackend();
        leave();
        client.exchangeDone();
    }

    private void leave() {
        if (gate != null) {
            gate.leave();
            gate = null;
        }
    }

    private void dropBackend() {
        if (connection != null) {
            connection.close();
            connection = null;
        }
        if (backend != null) {
            backend.end();
            backend = null;
        }
    }

    private void dropRequestHead() {
        if (requestHead != null) {
            requestHead.release();
            requestHead = null;
        }
    }
}
