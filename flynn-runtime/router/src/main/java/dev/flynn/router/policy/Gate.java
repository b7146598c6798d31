package dev.flynn.router.policy;

import dev.flynn.api.route.RoutePolicy;
import dev.flynn.api.route.RoutePolicy.Maintenance;
import dev.flynn.router.message.Answer;
import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.ErrorPage;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.HeaderEdits;
import dev.flynn.router.message.Hop;
import dev.flynn.router.message.RequestTarget;
import dev.flynn.router.message.TextAnswer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * What the policy of a route says of a request before a backend is chosen. One object for as long as the route has the
 * policy, so that what it counts outlives a change of the table. Thread-safe, without locks but for digest authentication.
 */
public final class Gate {

    private static final int MAX_CLIENTS = 65_536;
    private static final List<byte[]> MOVABLE = List.of(Ascii.bytes("GET"), Ascii.bytes("HEAD"));

    private final RoutePolicy policy;
    private final long startNanos = System.nanoTime();
    private final @Nullable Answer maintenance;
    private final @Nullable PasswordAuth auth;
    private final @Nullable RateLimiter rate;
    private final @Nullable ClientRateLimiter clientRate;
    private final int maxConcurrent;
    private final long maxBodyBytes;
    private final HeaderEdits requestEdits;
    private final HeaderEdits responseEdits;
    private final AtomicInteger inside = new AtomicInteger();

    /** @param nonces those of this router */
    public Gate(RoutePolicy policy, Nonces nonces) {
        this.policy = policy;
        this.maintenance = policy.maintenance().map(Gate::answer).orElse(null);
        this.auth = policy.auth().map(asked -> PasswordAuth.of(asked, nonces)).orElse(null);
        this.rate = policy.rateLimit().map(RateLimiter::new).orElse(null);
        this.clientRate = policy.clientRateLimit()
                .map(limit -> new ClientRateLimiter(limit, MAX_CLIENTS))
                .orElse(null);
        this.maxConcurrent = policy.maxConcurrent().orElse(Integer.MAX_VALUE);
        this.maxBodyBytes = policy.maxBodyBytes().orElse(Long.MAX_VALUE);
        this.requestEdits = new HeaderEdits(policy.requestHeaders());
        this.responseEdits = new HeaderEdits(policy.responseHeaders());
    }

    public RoutePolicy policy() {
        return policy;
    }

    /**
     * Lets the request in, or says what to answer instead. Who was let in has to {@link #leave}.
     *
     * @param httpsPort where this router's clients find TLS
     */
    @Nullable
    public Answer enter(Head head, RequestTarget wanted, Hop hop, int httpsPort) {
        if (policy.redirectToHttps() && !hop.isTls()) {
            return redirect(head, wanted, httpsPort);
        }
        if (maintenance != null) {
            return maintenance;
        }
        String challenge = auth == null ? null : auth.refuses(head).orElse(null);
        if (challenge != null) {
            return ErrorPage.UNAUTHORIZED.with(challenge);
        }
        long waitNanos = waitFor(hop);
        if (waitNanos > 0) {
            return ErrorPage.TOO_MANY_REQUESTS.with(retryAfter(Duration.ofNanos(waitNanos)));
        }
        if (inside.incrementAndGet() > maxConcurrent) {
            inside.decrementAndGet();
            return ErrorPage.BUSY.with(retryAfter(Duration.ofSeconds(1)));
        }
        return null;
    }

    public long maxBodyBytes() {
        return maxBodyBytes;
    }

    public HeaderEdits requestEdits() {
        return requestEdits;
    }

    public HeaderEdits responseEdits() {
        return responseEdits;
    }

    public void leave() {
        inside.decrementAndGet();
    }

    private long waitFor(Hop hop) {
        long now = System.nanoTime() - startNanos;
        long ofClient = clientRate == null ? 0 : clientRate.take(hop.client(), now);
        return ofClient > 0 || rate == null ? ofClient : rate.take(now);
    }

    private static String retryAfter(Duration wait) {
        long seconds =
                TimeUnit.NANOSECONDS.toSeconds(wait.plusSeconds(1).minusNanos(1).toNanos());
        return "Retry-After: " + seconds + "\r\n";
    }

    private static Answer answer(Maintenance page) {
        String fields = "Content-Type: " + page.contentType() + "\r\n"
                + page.retryAfter().map(Gate::retryAfter).orElse("");
        return new TextAnswer(page.status(), "Maintenance", fields, page.body().getBytes(StandardCharsets.UTF_8));
    }

    /** A form that is posted stays a form: only 308 promises that to all clients. */
    private static Answer redirect(Head head, RequestTarget wanted, int httpsPort) {
        boolean movable = MOVABLE.stream().anyMatch(head::methodIs);
        String path = Ascii.string(head.bytes(), wanted.pathStart(), wanted.pathEnd());
        String location = "https://" + wanted.host() + (httpsPort == 443 ? "" : ":" + httpsPort)
                + (path.startsWith("/") ? path : "/" + path);
        return new TextAnswer(
                movable ? 301 : 308,
                movable ? "Moved Permanently" : "Permanent Redirect",
                "Location: " + location + "\r\n",
                new byte[0]);
    }
}
