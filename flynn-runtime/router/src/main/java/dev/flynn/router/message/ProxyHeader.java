package dev.flynn.router.message;

import io.netty.buffer.ByteBuf;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a load balancer says about the client before the client's first byte: the PROXY protocol, versions 1 and 2, as
 * HAProxy's proxy-protocol.txt describes it.
 *
 * @param length of the header; 0 if there is none
 * @param client who connected to the load balancer; null if the header does not tell
 */
public record ProxyHeader(int length, @Nullable InetSocketAddress client) {

    private static final ProxyHeader ABSENT = new ProxyHeader(0, null);
    private static final byte[] TEXT_BEGIN = Ascii.bytes("PROXY ");
    private static final int MAX_TEXT_BYTES = 107;
    private static final byte[] BINARY_BEGIN = {13, 10, 13, 10, 0, 13, 10, 0x51, 0x55, 0x49, 0x54, 10};
    private static final int BINARY_FIXED_BYTES = 16;

    /** Addresses, and room for additional fields, which are skipped. */
    private static final int MAX_BINARY_BYTES = 4096;

    private static final byte[] NO_ADDRESS = {};
    private static final int LOCAL = 0x20;
    private static final int PROXY = 0x21;
    private static final int TCP_4 = 0x11;
    private static final int TCP_6 = 0x21;

    /**
     * Looks at the first bytes of a connection, and takes none.
     *
     * @return empty if more bytes have to come first
     * @throws BadMessage it begins like a header and is none
     */
    public static Optional<ProxyHeader> read(ByteBuf in) throws BadMessage {
        if (begins(in, TEXT_BEGIN)) {
            return in.readableBytes() < TEXT_BEGIN.length ? Optional.empty() : readText(in);
        }
        if (begins(in, BINARY_BEGIN)) {
            return in.readableBytes() < BINARY_FIXED_BYTES ? Optional.empty() : readBinary(in);
        }
        return Optional.of(ABSENT);
    }

    private static boolean begins(ByteBuf in, byte[] begin) {
        int available = Math.min(in.readableBytes(), begin.length);
        for (int i = 0; i < available; i++) {
            if (in.getByte(in.readerIndex() + i) != begin[i]) {
                return false;
            }
        }
        return true;
    }

    private static Optional<ProxyHeader> readText(ByteBuf in) throws BadMessage {
        int start = in.readerIndex();
        int lineFeed = in.indexOf(start, start + Math.min(in.readableBytes(), MAX_TEXT_BYTES), (byte) '\n');
        if (lineFeed < 0) {
            if (in.readableBytes() >= MAX_TEXT_BYTES) {
                throw malformed();
            }
            return Optional.empty();
        }
        byte[] line = new byte[lineFeed - start];
        in.getBytes(start, line);
        String text = Ascii.string(line, 0, line.length);
        if (!text.endsWith("\r")) {
            throw malformed();
        }
        return Optional.of(new ProxyHeader(line.length + 1, textClient(text.substring(0, text.length() - 1))));
    }

    private static @Nullable InetSocketAddress textClient(String line) throws BadMessage {
        String[] words = line.split(" ", -1);
        if (words[1].equals("UNKNOWN")) {
            return null;
        }
        boolean four = words[1].equals("TCP4");
        if (words.length != 6 || (!four && !words[1].equals("TCP6"))) {
            throw malformed();
        }
        for (int i = 2; i <= 3; i++) {
            if (four ? !NetUtil.isValidIpV4Address(words[i]) : !NetUtil.isValidIpV6Address(words[i])) {
                throw malformed();
            }
        }
        int unused = port(words[5]);
        return new InetSocketAddress(address(NetUtil.createByteArrayFromIpAddressString(words[2])), port(words[4]));
    }

    private static int port(String text) throws BadMessage {
        try {
            int port = Integer.parseInt(text);
            if (port >= 0 && port <= 65_535 && text.charAt(0) != '+') {
                return port;
            }
        } catch (NumberFormatException noNumber) {
            // said below
        }
        throw malformed();
    }

    private static Optional<ProxyHeader> readBinary(ByteBuf in) throws BadMessage {
        int at = in.readerIndex() + BINARY_BEGIN.length;
        int command = in.getUnsignedByte(at);
        int family = in.getUnsignedByte(at + 1);
        int rest = in.getUnsignedShort(at + 2);
        if ((command != LOCAL && command != PROXY) || rest > MAX_BINARY_BYTES) {
            throw malformed();
        }
        if (in.readableBytes() < BINARY_FIXED_BYTES + rest) {
            return Optional.empty();
        }
        int addressBytes = command == LOCAL ? 0 : addressBytes(family);
        if (rest < 2 * addressBytes + (addressBytes == 0 ? 0 : 4)) {
            throw malformed();
        }
        InetSocketAddress client = null;
        if (addressBytes > 0) {
            byte[] source = new byte[addressBytes];
            in.getBytes(at + 4, source);
            client = new InetSocketAddress(address(source), in.getUnsignedShort(at + 4 + 2 * addressBytes));
        }
        return Optional.of(new ProxyHeader(BINARY_FIXED_BYTES + rest, client));
    }

    /** Of other families, which are no fault, the addresses are skipped. */
    private static int addressBytes(int family) {
        return switch (family) {
            case TCP_4 -> 4;
            case TCP_6 -> 16;
            default -> 0;
        };
    }

    private static InetAddress address(byte @Nullable [] bytes) throws BadMessage {
        try {
            return InetAddress.getByAddress(bytes == null ? NO_ADDRESS : bytes);
        } catch (UnknownHostException e) {
            throw malformed();
        }
    }

    private static BadMessage malformed() {
        return BadMessage.malformed("the header of the PROXY protocol is malformed");
    }
}
