package dev.flynn.router.tls;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ReferenceCountedOpenSslEngine;
import io.netty.internal.tcnative.Buffer;
import io.netty.internal.tcnative.SSL;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * A session of TLS behind its handshake, taken over from an engine of Netty's: what was said in one direction goes on when the
 * other one has ended. The engine itself must not be used any more, and nothing may wait in it. Not thread-safe.
 */
final class OpenSslSession implements AutoCloseable {

    /** RFC 8446, section 5.1. */
    private static final int MAX_RECORD = 16 * 1024;

    /** What OpenSSL may have to say unasked: alerts, and answers to new keys. */
    private static final int UNASKED_BYTES = 2048;

    private final ReferenceCountedOpenSslEngine engine;
    private final long ssl;
    private final long wire;
    private final int recordOverhead;
    private boolean inputEnded;
    private boolean outputEnded;

    OpenSslSession(ReferenceCountedOpenSslEngine engine) {
        this.engine = engine;
        engine.retain();
        ssl = engine.sslPointer();
        wire = SSL.bioNewByteBuffer(ssl, UNASKED_BYTES);
        recordOverhead = SSL.getMaxWrapOverhead(ssl);
    }

    /** Whether the peer has said that nothing more will come. */
    boolean isInputEnded() {
        return inputEnded;
    }

    /**
     * Decrypts what came; a record that is not complete waits for its rest.
     *
     * @param received which stays the caller's
     * @param sink is given what was decrypted, and releases it
     */
    void decrypt(ByteBufAllocator alloc, ByteBuf received, Consumer<ByteBuf> sink) throws SSLException {
        if (inputEnded) {
            return;
        }
        ByteBuf direct = direct(alloc, received);
        try {
            SSL.bioSetByteBuffer(wire, readAddress(direct), direct.readableBytes(), false);
            boolean more = true;
            while (more) {
                more = readInto(alloc.directBuffer(Math.max(direct.readableBytes(), MAX_RECORD)), sink);
            }
        } finally {
            SSL.bioClearByteBuffer(wire);
            direct.release();
        }
    }

    /** @return whether the buffer was too small */
    private boolean readInto(ByteBuf out, Consumer<ByteBuf> sink) throws SSLException {
        int read = 1;
        while (read > 0 && out.isWritable()) {
            read = SSL.readFromSSL(ssl, writeAddress(out), out.writableBytes());
            if (read > 0) {
                out.writerIndex(out.writerIndex() + read);
            }
        }
        int error = read > 0 ? SSL.SSL_ERROR_NONE : SSL.getError(ssl, read);
        if (out.isReadable()) {
            sink.accept(out);
        } else {
            out.release();
        }
        if (error == SSL.SSL_ERROR_ZERO_RETURN) {
            inputEnded = true;
        } else if (error != SSL.SSL_ERROR_NONE
                && error != SSL.SSL_ERROR_WANT_READ
                && error != SSL.SSL_ERROR_WANT_WRITE) {
            throw failure("decrypt");
        }
        return read > 0;
    }

    /** Encrypts all of it, which stays the caller's. */
    ByteBuf encrypt(ByteBufAllocator alloc, ByteBuf plain) throws SSLException {
        if (outputEnded) {
            throw new SSLException("nothing can be said after the end");
        }
        int records = (plain.readableBytes() + MAX_RECORD - 1) / MAX_RECORD;
        ByteBuf direct = direct(alloc, plain);
        ByteBuf out = unasked(alloc, direct.readableBytes() + records * recordOverhead + UNASKED_BYTES);
        try {
            int space = toWire(out);
            while (direct.isReadable()) {
                int written = SSL.writeToSSL(ssl, readAddress(direct), direct.readableBytes());
                if (written > 0) {
                    direct.skipBytes(written);
                } else if (SSL.getError(ssl, written) == SSL.SSL_ERROR_WANT_WRITE) {
                    // there is more to say than was asked, such as new keys
                    fromWire(out, space);
                    out.ensureWritable(MAX_RECORD + recordOverhead);
                    space = toWire(out);
                } else {
                    throw failure("encrypt");
                }
            }
            fromWire(out, space);
            return out.retain();
        } finally {
            SSL.bioClearByteBuffer(wire);
            out.release();
            direct.release();
        }
    }

    /** Tells the peer that nothing more will come; it may go on. */
    ByteBuf endOutput(ByteBufAllocator alloc) {
        if (!outputEnded) {
            outputEnded = true;
            SSL.shutdownSSL(ssl);
            SSL.clearError();
        }
        return unasked(alloc);
    }

    /** Whether OpenSSL has something to say by itself. */
    boolean hasUnasked() {
        return SSL.bioLengthNonApplication(wire) > 0;
    }

    /** What OpenSSL has to say by itself. */
    ByteBuf unasked(ByteBufAllocator alloc) {
        return unasked(alloc, 0);
    }

    /** @param space that the buffer shall have beside */
    private ByteBuf unasked(ByteBufAllocator alloc, int space) {
        int waiting = SSL.bioLengthNonApplication(wire);
        ByteBuf out = alloc.directBuffer(waiting + space);
        if (waiting > 0) {
            int before = toWire(out);
            SSL.bioFlushByteBuffer(wire);
            fromWire(out, before);
            SSL.bioClearByteBuffer(wire);
        }
        return out;
    }

    private int toWire(ByteBuf out) {
        SSL.bioSetByteBuffer(wire, writeAddress(out), out.writableBytes(), true);
        return SSL.bioLengthByteBuffer(wire);
    }

    private void fromWire(ByteBuf out, int spaceBefore) {
        out.writerIndex(out.writerIndex() + spaceBefore - SSL.bioLengthByteBuffer(wire));
    }

    private static long readAddress(ByteBuf bytes) {
        return bytes.hasMemoryAddress()
                ? bytes.memoryAddress() + bytes.readerIndex()
                : Buffer.address(bytes.nioBuffer(bytes.readerIndex(), bytes.readableBytes()));
    }

    private static long writeAddress(ByteBuf bytes) {
        return bytes.hasMemoryAddress()
                ? bytes.memoryAddress() + bytes.writerIndex()
                : Buffer.address(bytes.nioBuffer(bytes.writerIndex(), bytes.writableBytes()));
    }

    /** The same bytes in one piece of memory outside of the heap; the caller releases it. */
    private static ByteBuf direct(ByteBufAllocator alloc, ByteBuf bytes) {
        if (bytes.isDirect() && bytes.nioBufferCount() == 1) {
            return bytes.retainedSlice();
        }
        return alloc.directBuffer(bytes.readableBytes()).writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
    }

    private static SSLException failure(String what) {
        String reason = SSL.getErrorString(SSL.getLastErrorNumber());
        SSL.clearError();
        return new SSLException("cannot " + what + ": " + reason);
    }

    @Override
    public void close() {
        engine.release();
    }
}
