package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;

/**
 * An answer that is the same for everybody.
 *
 * @param reason of the status, {@code Moved Permanently}
 * @param fields whole lines, without those about the body's length and the connection
 */
public record TextAnswer(int status, String reason, String fields, byte[] body) implements Answer {

    @Override
    public ByteBuf response(
            AnswerForm form, boolean bodyless, ResponseHeadWriter.Connection connection, ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer(256 + body.length);
        ByteBufUtil.writeAscii(
                out, "HTTP/1.1 %d %s\r\n%sContent-Length: %d\r\n".formatted(status, reason, fields, body.length));
        connection.write(out);
        ByteBufUtil.writeAscii(out, "\r\n");
        if (!bodyless) {
            out.writeBytes(body);
        }
        return out;
    }
}
