package dev.flynn.git;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The way back to whoever pushes: everything is sent at once, and it is noticed when they go away, even while there is nothing
 * to say. Thread-safe; each write is a whole packet of git's protocol while keeping alive.
 */
final class LiveOutput extends FilterOutputStream {

    /** An empty packet of the first band, which git reads and ignores. */
    private static final byte[] NOTHING = "0005\1".getBytes(StandardCharsets.US_ASCII);

    private final Abort abort;
    private boolean keepsAlive;

    LiveOutput(OutputStream out, Abort abort) {
        super(out);
        this.abort = abort;
    }

    /** From now on, empty packets may be sent. */
    synchronized void beginKeepingAlive() {
        keepsAlive = true;
    }

    /** When this returns, no empty packet is sent any more. */
    synchronized void endKeepingAlive() {
        keepsAlive = false;
    }

    synchronized void keepAlive() {
        if (keepsAlive) {
            try {
                write(NOTHING, 0, NOTHING.length);
            } catch (IOException noticed) {
                keepsAlive = false;
            }
        }
    }

    @Override
    public synchronized void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public synchronized void write(byte[] bytes, int offset, int length) throws IOException {
        try {
            out.write(bytes, offset, length);
            out.flush();
        } catch (IOException e) {
            abort.because("whoever pushed went away");
            throw e;
        }
    }

    @Override
    public synchronized void flush() throws IOException {
        out.flush();
    }
}
