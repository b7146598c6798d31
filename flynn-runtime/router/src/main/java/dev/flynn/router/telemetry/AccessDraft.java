package dev.flynn.router.telemetry;

import dev.flynn.router.message.Ascii;
import dev.flynn.router.message.Head;
import dev.flynn.router.message.Hop;
import dev.flynn.router.message.RequestHeadWriter;
import dev.flynn.router.message.RequestIds;
import dev.flynn.router.message.RequestTarget;
import java.time.Instant;

/** What is known of a request when its head was read, for the access log. */
public final class AccessDraft {

    private static final byte[] REFERER = Ascii.bytes("referer");
    private static final byte[] USER_AGENT = Ascii.bytes("user-agent");

    private final Instant at = Instant.now();
    private final String requestId;
    private final String client;
    private final String scheme;
    private final String method;
    private final String host;
    private final String target;
    private final String protocol;
    private final String tls;
    private final String referer;
    private final String userAgent;

    private AccessDraft(Head head, RequestTarget wanted, Hop hop, String requestId) {
        byte[] bytes = head.bytes();
        this.requestId = requestId;
        this.client = hop.client();
        this.scheme = hop.isTls() ? "https" : "http";
        this.method = Ascii.string(bytes, 0, head.methodEnd());
        this.host = wanted.host();
        this.target = Ascii.string(bytes, head.targetStart(), head.targetEnd());
        this.protocol = hop.http2() ? "HTTP/2" : head.isHttp10() ? "HTTP/1.0" : "HTTP/1.1";
        this.tls = hop.tlsVersion();
        this.referer = head.firstValue(REFERER);
        this.userAgent = head.firstValue(USER_AGENT);
    }

    /** The head's content is not needed afterwards. */
    public static AccessDraft of(Head head, RequestTarget wanted, Hop hop) {
        String wellFormed = RequestHeadWriter.wellFormedId(head);
        return new AccessDraft(head, wanted, hop, wellFormed.isEmpty() ? RequestIds.text() : wellFormed);
    }

    public String requestId() {
        return requestId;
    }

    public AccessEntry finished(int status, long bytesIn, long bytesOut, long micros, String route, String backend) {
        return new AccessEntry(
                at, requestId, client, scheme, method, host, target, protocol, tls, referer, userAgent, status, bytesIn,
                bytesOut, micros, route, backend);
    }
}
