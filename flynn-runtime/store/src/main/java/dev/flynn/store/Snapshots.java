package dev.flynn.store;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.ratis.io.MD5Hash;
import org.apache.ratis.server.protocol.TermIndex;
import org.apache.ratis.server.storage.FileInfo;
import org.apache.ratis.server.storage.RaftStorage;
import org.apache.ratis.statemachine.SnapshotRetentionPolicy;
import org.apache.ratis.statemachine.StateMachineStorage;
import org.apache.ratis.statemachine.impl.SingleFileSnapshotInfo;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of a replica. The newest file of the right name is the snapshot, and when it cannot be read that is a
 * failure: Ratis' own storage would pass over it and begin with an empty state.
 */
final class Snapshots implements StateMachineStorage {

    private static final Pattern NAME = Pattern.compile("snapshot\\.(\\d+)_(\\d+)");

    /** The file has a checksum of its own; Ratis' would only be for a way of sending snapshots that we do not use. */
    private static final MD5Hash NO_DIGEST = MD5Hash.newInstance(new byte[MD5Hash.MD5_LENGTH]);

    private final int retained;
    private @Nullable Path directory;
    private volatile @Nullable SingleFileSnapshotInfo latest;

    Snapshots(int retained) {
        this.retained = retained;
    }

    @Override
    public void init(RaftStorage storage) throws IOException {
        directory = storage.getStorageDir().getStateMachineDir().toPath();
        refresh();
    }

    /** Looks for the newest snapshot again, after one was received. */
    void refresh() throws IOException {
        List<Path> files = newestFirst();
        if (!files.isEmpty()) {
            added(files.get(0));
        }
    }

    /** Takes note of a snapshot that is completely on disk. */
    void added(Path file) {
        latest = new SingleFileSnapshotInfo(
                new FileInfo(file, NO_DIGEST), indexOf(file).orElseThrow());
    }

    Path fileOf(TermIndex index) {
        return directory().resolve("snapshot.%d_%d".formatted(index.getTerm(), index.getIndex()));
    }

    @Override
    public @Nullable SingleFileSnapshotInfo getLatestSnapshot() {
        return latest;
    }

    @Override
    public void format() {}

    @Override
    public void cleanupOldSnapshots(SnapshotRetentionPolicy policy) throws IOException {
        List<Path> files = newestFirst();
        for (Path old : files.subList(Math.min(retained, files.size()), files.size())) {
            Files.delete(old);
        }
    }

    private List<Path> newestFirst() throws IOException {
        try (Stream<Path> files = Files.list(directory())) {
            return files.filter(file -> indexOf(file).isPresent())
                    .sorted(Comparator.comparing((Path file) -> indexOf(file).orElseThrow())
                            .reversed())
                    .toList();
        }
    }

    private static Optional<TermIndex> indexOf(Path file) {
        Matcher name = NAME.matcher(requireNonNull(file.getFileName()).toString());
        return name.matches()
                ? Optional.of(TermIndex.valueOf(Long.parseLong(name.group(1)), Long.parseLong(name.group(2))))
                : Optional.empty();
    }

    Path directory() {
        return requireNonNull(directory, "directory");
    }
}
