package dev.flynn.link;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import dev.flynn.link.Wire.ProtocolException;
import dev.flynn.link.Wire.Role;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;

/**
 * Calls a host once, for a program on a host that is not its daemon. Whoever can read the host's identity file may do so:
 * root, that is.
 */
public final class LinkClient {

    private static final int MAX_FRAME_BYTES = (16 << 20) + Wire.OVERHEAD_BYTES;

    private LinkClient() {}

    /**
     * @param hostId that must answer; it may be the host of this program
     * @throws FlynnException what the host says, or {@code SERVICE_UNAVAILABLE} if it does not
     */
    public static byte[] call(
            HostCredentials credentials,
            String hostId,
            String address,
            String service,
            String method,
            byte[] request,
            Duration timeout) {
        credentials.requireUsable();
        try (PlainConnection connection = PlainConnection.open(
                address, credentials.keyManager(), credentials.trustManager(), Role.CLIENT, hostId, timeout)) {
            ByteBuf head = Unpooled.buffer();
            head.writeByte(Wire.CALL).writeInt(1).writeInt((int) timeout.toMillis());
            Wire.writeText(head, service);
            Wire.writeText(head, method);
            head.writeBytes(request);
            write(connection, head);
            return answer(connection);
        } catch (IOException | ProtocolException e) {
            throw PlainConnection.failure(address, e);
        }
    }

    private static byte[] answer(PlainConnection connection) throws IOException, ProtocolException {
        while (true) {
            int length = connection.in().readInt();
            if (length < Wire.HEAD_BYTES || length > MAX_FRAME_BYTES) {
                throw new ProtocolException("a frame of %s bytes".formatted(Integer.toUnsignedString(length)));
            }
            ByteBuf frame = Unpooled.wrappedBuffer(connection.in().readNBytes(length));
            byte type = frame.readByte();
            int number = frame.readInt();
            switch (type) {
                case Wire.ANSWER -> {
                    byte[] answer = new byte[frame.readableBytes()];
                    frame.readBytes(answer);
                    return answer;
                }
                case Wire.FAILURE -> throw Wire.readFailure(frame);
                case Wire.PING ->
                    write(connection, Unpooled.buffer().writeByte(Wire.PONG).writeInt(number));
                case Wire.PONG -> {} // a sign of life while the other host still works on it
                default -> throw new ProtocolException("a frame of type " + type + " as an answer");
            }
        }
    }

    private static void write(PlainConnection connection, ByteBuf frame) throws IOException {
        connection.out().writeInt(frame.readableBytes());
        connection.out().write(frame.array(), 0, frame.readableBytes());
        connection.out().flush();
    }
}
