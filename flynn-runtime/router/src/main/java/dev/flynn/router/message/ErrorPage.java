package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The answers that the router gives itself: a page for browsers, an error object for who wants JSON, else one line of text. */
public enum ErrorPage implements Answer {
    BAD_REQUEST(400, "Bad Request", "bad_request", "The request could not be understood."),
    UNAUTHORIZED(401, "Unauthorized", "unauthorized", "This page needs a name and a password."),
    NOT_FOUND(404, "Not Found", "not_found", "No application is routed here."),
    REQUEST_TIMEOUT(408, "Request Timeout", "request_timeout", "The request took too long to arrive."),
    CONTENT_TOO_LARGE(
            413, "Content Too Large", "request_body_too_big", "The request is larger than this application takes."),
    TOO_MANY_REQUESTS(
            429, "Too Many Requests", "ratelimited", "There were too many requests. Please try again in a moment."),
    HEADER_FIELDS_TOO_LARGE(
            431,
            "Request Header Fields Too Large",
            "request_header_fields_too_large",
            "The header of the request is too large."),
    NOT_IMPLEMENTED(
            501,
            "Not Implemented",
            "unsupported",
            "This server does not connect to other servers.",
            "Not Implemented: this server does not connect to other servers"),
    SERVICE_UNAVAILABLE(
            503,
            "Service Unavailable",
            "service_unavailable",
            "The application does not answer. Please try again in a moment."),
    BUSY(
            503,
            "Service Unavailable",
            "service_unavailable",
            "The application has as many requests as it takes. Please try again in a moment.",
            "Service Unavailable: too many requests at a time"),
    VERSION_NOT_SUPPORTED(505, "HTTP Version Not Supported", "unsupported", "This server speaks HTTP/1.1 and HTTP/2.");

    private final int status;
    private final String reason;
    private final byte[] text;
    private final byte[] json;
    private final byte[] html;

    ErrorPage(int status, String reason, String code, String explanation) {
        this(status, reason, code, explanation, reason);
    }

    /**
     * @param code of the error object
     * @param line for those who want neither a page nor JSON
     */
    ErrorPage(int status, String reason, String code, String explanation, String line) {
        this.status = status;
        this.reason = reason;
        this.text = bytes(line + "\n");
        this.json = bytes("{\"code\":\"%s\",\"message\":\"%s\",\"retry\":%b}\n"
                .formatted(code, explanation, status == 503 || status == 429));
        this.html = bytes("""
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
                """.formatted(status, reason, explanation));
    }

    public static ErrorPage of(BadMessage fault) {
        return Arrays.stream(values())
                .filter(page -> page.status == fault.status())
                .findFirst()
                .orElse(BAD_REQUEST);
    }

    @Override
    public int status() {
        return status;
    }

    /** @param fields whole lines to add to the head */
    public Answer with(String fields) {
        return new Special(this, fields, null);
    }

    @Override
    public Answer orPage(byte[] page) {
        return new Special(this, "", page);
    }

    @Override
    public ByteBuf response(
            AnswerForm form, boolean bodyless, ResponseHeadWriter.Connection connection, ByteBufAllocator allocator) {
        return response(form, body(form), bodyless, connection, "", allocator);
    }

    private byte[] body(AnswerForm form) {
        return switch (form) {
            case HTML -> html;
            case JSON -> json;
            case TEXT -> text;
        };
    }

    private ByteBuf response(
            AnswerForm form,
            byte[] body,
            boolean bodyless,
            ResponseHeadWriter.Connection connection,
            String fields,
            ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer(256 + fields.length() + body.length);
        ByteBufUtil.writeAscii(
                out,
                "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n"
                        .formatted(status, reason, form.contentType(), fields, body.length));
        connection.write(out);
        ByteBufUtil.writeAscii(out, "\r\n");
        if (!bodyless) {
            out.writeBytes(body);
        }
        return out;
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * A page with more in its head, or one that the operator gave.
     *
     * @param own takes the place of the page and of the line, not of JSON
     */
    private record Special(ErrorPage page, String fields, byte @Nullable [] own) implements Answer {

        @Override
        public int status() {
            return page.status;
        }

        @Override
        public Answer orPage(byte[] other) {
            return new Special(page, fields, other);
        }

        @Override
        public ByteBuf response(
                AnswerForm form,
                boolean bodyless,
                ResponseHeadWriter.Connection connection,
                ByteBufAllocator allocator) {
            return own == null || form == AnswerForm.JSON
                    ? page.response(form, page.body(form), bodyless, connection, fields, allocator)
                    : page.response(AnswerForm.HTML, own, bodyless, connection, fields, allocator);
        }
    }
}
