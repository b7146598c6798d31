package dev.flynn.router;

import dev.flynn.router.message.Answer;
import dev.flynn.router.message.AnswerForm;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Entrance;
import dev.flynn.router.message.ErrorPage;
import dev.flynn.router.message.Framing;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeadBuffer;
import dev.flynn.router.message.HeaderEdits;
import dev.flynn.router.message.Hop;
import dev.flynn.router.message.RequestHeadWriter;
import dev.flynn.router.message.RequestTarget;
import dev.flynn.router.message.Trailers;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.table.Backend;
import dev.flynn.router.table.RoutingTable;
import dev.flynn.router.table.Target;
import dev.flynn.router.telemetry.AccessDraft;
import dev.flynn.router.telemetry.AccessLog;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request and its response: finds the route, has a backend found, and carries both ways.
 *
 * <p>Only a failed dial moves on to another backend. The one other thing that is repeated is a request without a body and
 * without side effects whose kept connection turns out to have been closed by the backend meanwhile; and a request that
 * cannot be repeated is not sent over a connection that has been idle for long.
 */
final class Exchange implements BackendListener, BackendSearch.Asker {

    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    private static final byte[] HEAD_METHOD = Ascii.bytes("HEAD");
    private static final List<byte[]> SAFE_METHODS =
            List.of(Ascii.bytes("GET"), HEAD_METHOD, Ascii.bytes("OPTIONS"), Ascii.bytes("TRACE"));

    private final ClientSide client;
    private final RouterLoop loop;
    private final RequestTrace trace;
    private final boolean headOnly;
    private final boolean upgrade;
    private final boolean repeatable;
    private final long framing;
    private final AnswerForm form;

    private @Nullable Target target;
    private @Nullable Gate gate;

    /** For which a response that has begun may pause; null for any time. */
    private @Nullable Duration idle;

    private @Nullable BackendSearch search;
    private @Nullable ByteBuf requestHead;
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
        this.trace = client.trace();
        this.headOnly = head.methodIs(HEAD_METHOD);
        this.upgrade = RequestHeadWriter.asksForUpgrade(head);
        this.repeatable = framing == 0 && isSafe(head);
        this.framing = framing;
        this.form = AnswerForm.of(head);
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
        RoutingTable table = loop.core().table();
        Answer challenge = table.challenges().answer(head, wanted);
        Target found = challenge != null
                ? null
                : table.find(hop.entrance(), wanted.host(), head.bytes(), wanted.pathStart(), wanted.pathEnd());
        trace.begin(loop.cell(found == null ? loop.core().meters().unrouted() : found.meter()));
        AccessLog accessLog = loop.core().accessLog();
        if (accessLog != null) {
            trace.log(accessLog, AccessDraft.of(head, wanted, hop), found == null ? "" : found.id());
        }
        if (challenge != null) {
            answer(challenge);
            return;
        }
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
        idle = found.idle();
        HeaderEdits edits = gate == null ? HeaderEdits.NONE : gate.requestEdits();
        boolean closes = found.disableKeepAlives();
        long now = System.currentTimeMillis();
        String id = trace.requestId();
        HeadBuffer out = loop.headBuffer();
        RequestHeadWriter.write(head, wanted, framing, closes, upgrade, hop, edits, id, now, out);
        requestHead = out.toBuffer(client.alloc(), 0);
        String wish = found.sticky() ? loop.core().cookies().backend(head) : null;
        search = new BackendSearch(loop, found, wish, upgrade, repeatable, trace, this);
        search.next();
    }

    /** For which the backend may let the client wait for its response. */
    Duration responsePatience() {
        RouterConfig config = loop.core().config();
        Duration usual = config.responseTimeout();
        return target == null ? usual : target.responseTimeout(usual);
    }

    private boolean enters(Gate entered, Head head, RequestTarget wanted, Hop hop) {
        Answer refusal = entered.enter(head, wanted, hop, httpsPort(hop.entrance()));
        if (refusal != null) {
            trace.refused();
            answer(refusal);
            return false;
        }
        gate = entered;
        return true;
    }

    /** A port that is not the router's own takes both, plain and TLS. */
    private int httpsPort(Entrance entrance) {
        return entrance.own() ? loop.core().httpsPort() : entrance.port();
    }

    // ---- what the client does

    /** Whether bytes of the request's body can be taken now. */
    boolean acceptsRequestData() {
        return discardsRequest || (connection != null && connection.isWritable());
    }

    void requestData(ByteBuf data) {
        requestBytes += data.readableBytes();
        trace.received(data.readableBytes());
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
            if (writable) {
                expectMore();
            }
        }
    }

    /** The client is gone, or is about to be cut off: the backend is told by the end of its connection. */
    void cancel() {
        if (!finished) {
            finished = true;
            dropBackend();
            dropRequestHead();
            leave();
            trace.end();
        }
    }

    /** Nothing has moved for too long. */
    void timeOut() {
        if (responseStarted) {
            client.abort();
        } else {
            noResponse("it took too long");
        }
    }

    // ---- what the search for a backend brings

    @Override
    public void found(BackendSide attached) {
        ByteBuf head = requestHead;
        if (head == null) {
            throw new IllegalStateException("the request was sent before");
        }
        connection = attached;
        attached.begin(this, headOnly, framing);
        boolean keepsCopy = repeatable;
        requestHead = keepsCopy ? head : null;
        // a connection that failed has read some of it, and does not read on
        head.readerIndex(0);
        attached.sendHead(keepsCopy ? head.retain() : head);
        client.resume();
    }

    @Override
    public void noneFound() {
        answer(ErrorPage.SERVICE_UNAVAILABLE);
    }

    // ---- what the backend does

    @Override
    public void interimResponse(Head head) {
        client.writeInterim(head);
    }

    @Override
    public void responseHead(Head head, long framing) {
        responseStarted = true;
        trace.status(head.status());
        if (search != null) {
            search.answered();
        }
        dropRequestHead();
        client.writeHead(head, framing, responseEdits(), stickyCookie());
        expectMore();
    }

    @Override
    public void responseData(ByteBuf data) {
        trace.sent(data.readableBytes());
        client.writeData(data);
        expectMore();
    }

    private void expectMore() {
        if (idle != null && responseStarted && !responseEnded) {
            client.expectMore(idle);
        }
    }

    @Override
    public void flushResponse() {
        client.flush();
    }

    @Override
    public void responseEnd(Trailers trailers) {
        responseEnded = true;
        trace.answered();
        client.writeEnd(trailers);
        client.flush();
        if (requestEnded) {
            finish();
        } else {
            finishRequest();
        }
    }

    @Override
    public void upgraded(Head head, BackendConnection upgradedConnection) {
        Backend carried = search == null ? null : search.backend();
        if (!upgrade || (framing == Framing.CHUNKED && !requestEnded) || search == null || carried == null) {
            backendFailed("switched protocols out of turn");
            return;
        }
        responseStarted = true;
        finished = true;
        dropRequestHead();
        trace.status(head.status());
        trace.answered();
        String cookie = stickyCookie();
        search.surrender();
        client.beginTunnel(head, responseEdits(), cookie, upgradedConnection, idle, () -> {
            carried.end();
            leave();
            trace.end();
        });
    }

    @Override
    public void backendWritable() {
        client.resume();
    }

    @Override
    public void backendStoppedReading() {
        discardsRequest = true;
        client.resume();
    }

    @Override
    public void backendFailed(String reason) {
        BackendSide failed = connection;
        if (finished || failed == null || search == null) {
            return;
        }
        if (responseEnded) {
            discardsRequest = true;
            failed.close();
            connection = null;
            client.resume();
        } else if (responseStarted) {
            logFailure("response broken off", reason);
            trace.brokenOff();
            client.breakOff();
        } else if (failed.isReused() && repeatable && !failed.hasReceivedBytes()) {
            failed.close();
            connection = null;
            search.again();
        } else if (repeatable && !failed.hasReceivedBytes() && search.hasLeft()) {
            failed.close();
            connection = null;
            search.another();
        } else {
            noResponse(reason);
        }
    }

    private void noResponse(String reason) {
        logFailure("no response", reason);
        if (search != null && connection != null) {
            search.failed();
        }
        dropBackend();
        answer(ErrorPage.SERVICE_UNAVAILABLE);
    }

    private void logFailure(String what, String reason) {
        log.atWarn()
                .addKeyValue("service", search == null ? "" : search.service())
                .addKeyValue("backend", search == null ? null : search.backend())
                .addKeyValue("reason", reason)
                .log(what);
    }

    // ---- answering and ending

    private HeaderEdits responseEdits() {
        return gate == null ? HeaderEdits.NONE : gate.responseEdits();
    }

    private @Nullable String stickyCookie() {
        Backend answering = search == null ? null : search.backend();
        if (target == null || !target.sticky() || answering == null || search == null || search.isWished()) {
            return null;
        }
        return loop.core().cookies().cookie(answering.addr());
    }

    /** Answers without a backend. */
    private void answer(Answer page) {
        responseStarted = true;
        responseEnded = true;
        discardsRequest = true;
        dropRequestHead();
        trace.status(page.status());
        trace.answered();
        client.answer(loop.core().shown(page), form, headOnly);
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
        trace.end();
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
        if (search != null) {
            search.close();
        }
    }

    private void dropRequestHead() {
        if (requestHead != null) {
            requestHead.release();
            requestHead = null;
        }
    }
}
