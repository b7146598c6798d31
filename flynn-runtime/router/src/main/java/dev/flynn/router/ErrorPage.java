package dev.flynn.router;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;

/** The answers that the router gives itself: a page for browsers, else one line of text. */
enum ErrorPage implements Answer {
    BAD_REQUEST(400, "Bad Request", "The request could not be understood."),
    UNAUTHORIZED(401, "Unauthorized", "This page needs a name and a password."),
    NOT_FOUND(404, "Not Found", "No application is routed here."),
    REQUEST_TIMEOUT(408, "Request Timeout", "The request took too long to arrive."),
    CONTENT_TOO_LARGE(413, "Content Too Large", "The request is larger than this application takes."),
    TOO_MANY_REQUESTS(429, "Too Many Requests", "There were too many requests. Please try again in a moment."),
    HEADER_FIELDS_TOO_LARGE(431, "Request Header Fields Too Large", "The header of the request is too large."),
    NOT_IMPLEMENTED(
            501,
            "Not Implemented",
            "This server does not connect to other servers.",
            "Not Implemented: this server does not connect to other servers"),
    SERVICE_UNAVAILABLE(503, "Service Unavailable", "The application does not answer. Please try again in a moment."),
    BUSY(
            503,
            "Service Unavailable",
            "The application has as many requests as it takes. Please try again in a moment.",
            "Service Unavailable: too many requests at a time"),
    VERSION_NOT_SUPPORTED(505, "HTTP Version Not Supported", "This server speaks HTTP/1.1 and HTTP/2.");

    private static final byte[] HTML = Ascii.bytes("text/html");

    private final int status;
    private final String reason;
    private final String text;
    private final String html;

    ErrorPage(int status, String reason, String explanation) {
        this(status, reason, explanation, reason);
    }

    /** @param line for those who do not want a page */
    ErrorPage(int status, String reason, String explanation, String line) {
        this.status = status;
        this.reason = reason;
        this.text = line + "\n";
        this.html = """
                <!DOCTYPE html>
                <html lang="en">
                <head>
                <meta charset="utf-8">
                <meta name="viewport" content="width=device-width">
                <title>%2$s</title>
                <style>
                body { font-family: sans-serif; margin: 15vh auto; max-width: 32em; padding: 0 1em; color: #333 }
                h1 { font-weight: normal }
                </style>
                </head>
                <body>
                <h1>%2$s</h1>
                <p>%3$s</p>
                <p><small>%1$d</small></p>
                </body>
                </html>
                """.formatted(status, reason, explanation);
    }

    static ErrorPage of(BadMessage fault) {
        for (ErrorPage page : values()) {
            if (page.status == fault.status()) {
                return page;
            }
        }
        return BAD_REQUEST;
    }

    /** Whether a person with a browser asks. */
    static boolean isWantedAsHtml(Head request) {
        int accept = request.indexOf(Field.ACCEPT);
        return accept >= 0
                && Ascii.containsIgnoreCase(
                        request.bytes(), request.valueStart(accept), request.valueEnd(accept), HTML);
    }

    /** @param fields whole lines to add to the head */
    Answer with(String fields) {
        return (asHtml, bodyless, connection, allocator) -> response(asHtml, bodyless, connection, fields, allocator);
    }

    @Override
    public ByteBuf response(
            boolean asHtml, boolean bodyless, ResponseHeadWriter.Connection connection, ByteBufAllocator allocator) {
        return response(asHtml, bodyless, connection, "", allocator);
    }

    private ByteBuf response(
            boolean asHtml,
            boolean bodyless,
            ResponseHeadWriter.Connection connection,
            String fields,
            ByteBufAllocator allocator) {
        String body = asHtml ? html : text;
        ByteBuf out = allocator.buffer(256 + body.length());
        ByteBufUtil.writeAscii(
                out,
                "HTTP/1.1 %d %s\r\nContent-Type: text/%s; charset=utf-8\r\n%sContent-Length: %d\r\n"
                        .formatted(status, reason, asHtml ? "html" : "plain", fields, body.length()));
        connection.write(out);
        ByteBufUtil.writeAscii(out, "\r\n");
        if (!bodyless) {
            ByteBufUtil.writeAscii(out, body);
        }
        return out;
    }
}
