package dev.flynn.store;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.jspecify.annotations.Nullable;

/**
 * Brings the leader's newest snapshot to a peer that is too far behind, piece by piece. The peer has it on disk, checked, before
 * it is named a snapshot: a death on the way costs nothing but another fetch.
 */
final class SnapshotTransfer {

    private static final String FETCH = "store/fetch";
    private static final String TEMPORARY = "fetched.tmp";
    private static final int PIECE_BYTES = 512 << 10;
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final int HEAD_BYTES = 8 + 8 + 8;

    private final PeerCalls calls;
    private volatile @Nullable Snapshots snapshots;

    SnapshotTransfer(PeerCalls calls) {
        this.calls = calls;
        calls.answer(FETCH, (caller, request) -> calls.later(() -> piece(request)));
    }

    void use(Snapshots own) {
        snapshots = own;
    }

    // ---- the leader's side: term, index and size of the snapshot, and a piece of it

    private ByteBuffer piece(ByteBuffer request) throws IOException {
        var asked = TermIndex.valueOf(request.getLong(), request.getLong());
        long offset = request.getLong();
        @Nullable Snapshots own = snapshots;
        @Nullable SingleFileSnapshotInfo newest = own == null ? null : own.getLatestSnapshot();
        if (own == null || newest == null) {
            return PeerFrames.answer(0).flip();
        }
        TermIndex which = offset == 0 ? newest.getTermIndex() : asked;
        try (FileChannel file = FileChannel.open(own.fileOf(which), StandardOpenOption.READ)) {
            long size = file.size();
            int length = (int) Math.max(0, Math.min(PIECE_BYTES, size - offset));
            ByteBuffer answer = PeerFrames.answer(HEAD_BYTES + length)
                    .putLong(which.getTerm())
                    .putLong(which.getIndex())
                    .putLong(size);
            file.position(offset);
            while (answer.hasRemaining() && file.read(answer) >= 0) {
                // on
            }
            if (answer.hasRemaining()) {
                throw new IOException("snapshot " + which + " became shorter");
            }
            return answer.flip();
        } catch (NoSuchFileException e) {
            throw new IOException("snapshot " + which + " is no longer there; begin anew", e);
        }
    }

    // ---- the follower's side

    /** Fetches the newest snapshot that a peer has into the directory of ours; nothing if it has none. */
    Optional<TermIndex> fetch(String peer, Snapshots into) throws IOException, InterruptedException {
        Path temporary = into.directory().resolve(TEMPORARY);
        try {
            @Nullable TermIndex snapshot = download(peer, temporary);
            if (snapshot == null) {
                return Optional.empty();
            }
            @Nullable SingleFileSnapshotInfo newest = into.getLatestSnapshot();
            if (newest != null && newest.getTermIndex().compareTo(snapshot) >= 0) {
                return Optional.of(newest.getTermIndex());
            }
            SnapshotFile.check(temporary);
            Path file = into.fileOf(snapshot);
            Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            SnapshotFile.forceDirectory(into.directory());
            into.added(file);
            return Optional.of(snapshot);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    private @Nullable TermIndex download(String peer, Path temporary) throws IOException, InterruptedException {
        try (FileChannel file = FileChannel.open(
                temporary, StandardOpenOption.CREATE, StandardOpenOption.TRUNCATE_EXISTING, StandardOpenOption.WRITE)) {
            TermIndex snapshot = TermIndex.valueOf(0, 0);
            long size = Long.MAX_VALUE;
            for (long offset = 0; offset < size; offset = file.position()) {
                ByteBuffer request = calls.newRequest(HEAD_BYTES)
                        .putLong(snapshot.getTerm())
                        .putLong(snapshot.getIndex())
                        .putLong(offset)
                        .flip();
                ByteBuffer answer = calls.await(peer, FETCH, request, PATIENCE);
                if (!answer.hasRemaining()) {
                    return null;
                }
                snapshot = TermIndex.valueOf(answer.getLong(), answer.getLong());
                size = answer.getLong();
                if (!answer.hasRemaining()) {
                    throw new IOException("peer \"%s\" sent nothing of its snapshot".formatted(peer));
                }
                while (answer.hasRemaining()) {
                    file.write(answer);
                }
            }
            file.force(true);
            return snapshot;
        }
    }
}
