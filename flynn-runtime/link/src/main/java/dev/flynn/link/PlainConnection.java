package dev.flynn.link;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.link.Wire.Hello;
import dev.flynn.link.Wire.ProtocolException;
import dev.flynn.link.Wire.Role;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** A connection to a link's port for one question, on a blocking socket: what a short-lived program needs. */
final class PlainConnection implements AutoCloseable {

    private final String address;
    private final SSLSocket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    private PlainConnection(String address, SSLSocket socket) throws IOException {
        this.address = address;
        this.socket = socket;
        this.in = new DataInputStream(socket.getInputStream());
        this.out = new DataOutputStream(socket.getOutputStream());
    }

    /** @throws FlynnException if nobody is there, it is not to be trusted, or it refuses */
    static PlainConnection open(
            String address,
            @Nullable X509ExtendedKeyManager keys,
            X509ExtendedTrustManager trust,
            Role role,
            String expectedHost,
            Duration timeout) {
        Socket raw = new Socket();
        try {
            raw.connect(Addresses.resolve(address), (int) timeout.toMillis());
            SSLContext context = SSLContext.getInstance(Tls.PROTOCOL);
            context.init(keys == null ? null : new KeyManager[] {keys}, new TrustManager[] {trust}, null);
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(raw, address, raw.getPort(), true);
            socket.setSoTimeout((int) timeout.toMillis());
            socket.setEnabledProtocols(new String[] {Tls.PROTOCOL});
            socket.startHandshake();
            var connection = new PlainConnection(address, socket);
            connection.greet(role, expectedHost);
            return connection;
        } catch (IOException | GeneralSecurityException | ProtocolException e) {
            closeQuietly(raw);
            throw failure(address, e);
        } catch (RuntimeException e) {
            closeQuietly(raw);
            throw e;
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // it is of no use any more
        }
    }

    static FlynnException failure(String address, Exception e) {
        Optional<String> complaint = Tls.complaint(e);
        if (complaint.isPresent()) {
            return new FlynnException(ErrorCode.UNAUTHORIZED, complaint.get(), e);
        }
        String what = e instanceof EOFException ? "it hung up; its log may say why" : e.getMessage();
        return FlynnException.unavailable("cannot speak with the host at %s: %s".formatted(address, what), e);
    }

    private void greet(Role role, String expectedHost) throws IOException, ProtocolException {
        ByteBuf hello = Unpooled.buffer();
        hello.writeByte(role.ordinal());
        new Hello(0, expectedHost, "").write(hello);
        out.writeInt(Wire.MAGIC);
        out.writeByte(Wire.VERSION);
        out.writeShort(hello.readableBytes());
        out.write(hello.array(), 0, hello.readableBytes());
        out.flush();
        if (in.readInt() != Wire.MAGIC) {
            throw new ProtocolException("that is not a host's link");
        }
        in.readByte();
        ByteBuf answer = Unpooled.wrappedBuffer(in.readNBytes(in.readUnsignedShort()));
        if (!answer.isReadable() || answer.readByte() == Wire.REFUSED) {
            throw Wire.readFailure(answer);
        }
    }

    String address() {
        return address;
    }

    SSLSession session() {
        return socket.getSession();
    }

    DataInputStream in() {
        return in;
    }

    DataOutputStream out() {
        return out;
    }

    @Override
    public void close() {
        closeQuietly(socket);
    }
}
