package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore.Blob;
import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An object that is read from other hosts as it is needed. When one breaks off, the next goes on where it ended: copies of one
 * version are the same everywhere. Not thread-safe.
 */
final class RemoteBlob implements Blob {

    /** Less than this is skipped sooner than asked for. */
    private static final long FAR = 256 * 1024;

    private final Peers peers;
    private final BlobRecord record;
    private final List<String> hosts;
    private final Deque<String> sources;

    /** The copy that was opened first: it can be read although the object is deleted meanwhile (BS-3). */
    private final InputStream held;

    private @Nullable InputStream current;

    private RemoteBlob(Peers peers, BlobRecord record, List<String> hosts, InputStream held) {
        this.peers = peers;
        this.record = record;
        this.hosts = hosts;
        this.sources = new ArrayDeque<>(hosts);
        this.held = held;
    }

    /** @param hosts where copies may be, likeliest first; empty if none has one */
    static Optional<RemoteBlob> open(Peers peers, BlobRecord record, List<String> hosts) {
        return next(peers, record, new ArrayDeque<>(hosts), 0).map(held -> new RemoteBlob(peers, record, hosts, held));
    }

    private static Optional<InputStream> next(Peers peers, BlobRecord record, Deque<String> sources, long offset) {
        while (!sources.isEmpty()) {
            try {
                Optional<InputStream> found = peers.open(sources.remove(), record.version(), offset);
                if (found.isPresent()) {
                    return found;
                }
            } catch (IOException unreachable) {
                // the next one may do
            }
        }
        return Optional.empty();
    }

    @Override
    public BlobInfo info() {
        return record.info();
    }

    @Override
    public InputStream content(long offset) throws IOException {
        long begin = Math.min(offset, record.size());
        Optional<InputStream> part =
                begin > FAR ? next(peers, record, new ArrayDeque<>(hosts), begin) : Optional.empty();
        if (part.isEmpty()) {
            held.skipNBytes(begin);
        }
        current = part.orElse(held);
        return new Content(begin);
    }

    @Override
    public void close() throws IOException {
        held.close();
        if (current != null) {
            current.close();
        }
    }

    private final class Content extends InputStream {
        private long position;

        Content(long position) {
            this.position = position;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (position == record.size()) {
                return -1;
            }
            while (true) {
                try {
                    int count = current == null ? -1 : current.read(buffer, offset, length);
                    if (count >= 0) {
                        position += count;
                        return count;
                    }
                    throw new IOException("a copy of %s ended too early".formatted(record.key()));
                } catch (IOException e) {
                    goOn(e);
                }
            }
        }

        private void goOn(IOException brokenOff) throws IOException {
            current = next(peers, record, sources, position).orElseThrow(() -> brokenOff);
        }
    }
}
