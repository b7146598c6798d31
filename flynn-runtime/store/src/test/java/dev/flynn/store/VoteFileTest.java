package dev.flynn.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VoteFileTest {

    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_795_000_000_000L), ZoneOffset.UTC);

    @TempDir
    Path group;

    @Test
    void aFileThatAFullDiskLeftEmptyGetsATermThatNobodyVotedIn() throws IOException {
        Path file = file("");

        VoteFile.repair(group, CLOCK);

        assertThat(file).hasContent("term=1795000000000\nvotedFor=\n");
    }

    @Test
    void aFileThatIsWholeStaysAsItIs() throws IOException {
        Path file = file("#\n#Sat Nov 21 04:22:38 UTC 2026\nvotedFor=host1\nterm=3\n");

        VoteFile.repair(group, CLOCK);

        assertThat(file).hasContent("#\n#Sat Nov 21 04:22:38 UTC 2026\nvotedFor=host1\nterm=3\n");
    }

    @Test
    void beforeTheFirstStartThereIsNothingToRepair() throws IOException {
        VoteFile.repair(group, CLOCK);

        assertThat(group).isEmptyDirectory();
    }

    @Test
    void aStoreWhoseVoteWasLostStartsWithAllThatItHad() throws IOException {
        try (ClusterStore store = RatisClusterStore.builder(group).build()) {
            store.commit(Transaction.builder().put("color", "blue").build());
        }
        Path meta = metaFiles().get(0);
        Files.writeString(meta, "");

        try (ClusterStore reopened = RatisClusterStore.builder(group).build()) {
            assertThat(reopened.get("color")).map(StoreEntry::value).contains("blue");
            reopened.commit(Transaction.builder().put("color", "green").build());
        }
        assertThat(meta).content().containsPattern("term=\\d{13}");
    }

    private List<Path> metaFiles() throws IOException {
        try (Stream<Path> files = Files.walk(group)) {
            return files.filter(file -> file.endsWith("raft-meta")).toList();
        }
    }

    private Path file(String text) throws IOException {
        Files.createDirectories(group.resolve("current"));
        return Files.writeString(group.resolve("current/raft-meta"), text);
    }
}
