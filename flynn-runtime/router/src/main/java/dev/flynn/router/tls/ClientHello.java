package dev.flynn.router.tls;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.buffer.ByteBuf;

/** Looks into the first message of a handshake (RFC 8446, section 4.1.2), without taking anything from it. */
public final class ClientHello {

    private static final int VERSION_AND_RANDOM = 34;

    /** RFC 7301, section 3.1. */
    private static final int ALPN = 16;

    private ClientHello() {}

    /**
     * Whether the client offers a protocol by ALPN; a message that is malformed offers nothing.
     *
     * @param hello from its version on
     */
    public static boolean offers(ByteBuf hello, String protocol) {
        ByteBuf in = hello.slice();
        try {
            in.skipBytes(VERSION_AND_RANDOM);
            in.skipBytes(in.readUnsignedByte()); // session
            in.skipBytes(in.readUnsignedShort()); // ciphers
            in.skipBytes(in.readUnsignedByte()); // compressions
            ByteBuf extensions = in.readSlice(in.readUnsignedShort());
            while (extensions.isReadable()) {
                int type = extensions.readUnsignedShort();
                ByteBuf content = extensions.readSlice(extensions.readUnsignedShort());
                if (type == ALPN) {
                    return has(content.skipBytes(2), protocol);
                }
            }
        } catch (IndexOutOfBoundsException malformed) {
            // the handshake itself will tell
        }
        return false;
    }

    private static boolean has(ByteBuf protocols, String protocol) {
        while (protocols.isReadable()) {
            if (protocols
                    .readSlice(protocols.readUnsignedByte())
                    .toString(US_ASCII)
                    .equals(protocol)) {
                return true;
            }
        }
        return false;
    }
}
