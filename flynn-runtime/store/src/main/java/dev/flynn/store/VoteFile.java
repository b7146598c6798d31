package dev.flynn.store;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file in which Ratis keeps the term that it is in and whom it voted for in it.
 *
 * <p>Ratis writes a temporary file and gives it the name of this one even when the disk was full and nothing could be written. A
 * peer that does not know its vote any more must not vote again in the same term. So it goes on in a later one than it can ever
 * have been in: terms are counted, one for each election, and the milliseconds since 1970 are far ahead of them.
 */
final class VoteFile {

    private static final Logger log = LoggerFactory.getLogger(VoteFile.class);

    private static final String NAME = "raft-meta";
    private static final String TERM = "term";
    private static final String VOTE = "votedFor";

    private VoteFile() {}

    /** Makes sure that the file in Ratis' directory, if there is one, has a term; an empty vote is none. */
    static void repair(Path groupDirectory, Clock clock) throws IOException {
        Path file = groupDirectory.resolve("current").resolve(NAME);
        var known = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            known.load(reader);
        } catch (NoSuchFileException neverStarted) {
            return;
        }
        if (known.containsKey(TERM)) {
            return;
        }
        long term = clock.millis();
        DataDirectory.replaceFile(file, "%s=%d\n%s=\n".formatted(TERM, term, VOTE));
        log.atWarn()
                .addKeyValue("file", file)
                .addKeyValue("term", term)
                .log(
                        "the vote of this peer was lost when the disk was full; it goes on in a term in which it cannot have voted");
    }
}
