package dev.flynn.store;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whom this peer has met: where each was last, which start of it is the current one, and which data directory it has. The
 * directories are kept on disk, because a voter that comes back with an empty one has forgotten what it promised. Thread-safe.
 */
final class PeerBook {

    private static final String FILE = "peers.properties";

    /** How a peer introduces itself. */
    record Introduction(String peer, UUID directory, long instance, String address) {}

    private final Path file;
    private final Map<String, String> addresses = new HashMap<>();
    private final Map<String, Introduction> current = new HashMap<>();
    private final Set<Long> replaced = new HashSet<>();
    private final Map<String, UUID> directories = new HashMap<>();

    private PeerBook(Path file) {
        this.file = file;
    }

    static PeerBook open(Path directory) throws IOException {
        var book = new PeerBook(directory.resolve(FILE));
        if (Files.exists(book.file)) {
            var saved = new Properties();
            saved.load(new StringReader(Files.readString(book.file)));
            for (String peer : saved.stringPropertyNames()) {
                book.directories.put(peer, UUID.fromString(saved.getProperty(peer)));
            }
        }
        return book;
    }

    synchronized Optional<String> address(String peer) {
        return Optional.ofNullable(addresses.get(peer));
    }

    /** Takes an address from the group's configuration, unless the peer itself has said better. */
    synchronized void learn(String peer, String address) {
        if (!address.isEmpty() && !current.containsKey(peer)) {
            addresses.put(peer, address);
        }
    }

    synchronized boolean knows(String peer, long instance) {
        Introduction introduced = current.get(peer);
        return introduced != null && introduced.instance() == instance;
    }

    /**
     * The start of this peer that has to be gone before the new one can be welcomed; nothing if there is none, or if the new
     * one is at the same address and so has replaced it.
     */
    synchronized Optional<Introduction> rival(Introduction introduction) {
        return Optional.ofNullable(current.get(introduction.peer()))
                .filter(known -> known.instance() != introduction.instance())
                .filter(known -> !known.address().equals(introduction.address()));
    }

    /**
     * Takes a peer's start as its current one.
     *
     * @param isVoter whether the peer's promises count
     * @return whether it is news
     * @throws FlynnException {@code CONFLICT} if the peer is used twice or has lost its directory
     */
    synchronized boolean welcome(Introduction introduction, boolean isVoter) throws IOException {
        String peer = introduction.peer();
        if (replaced.contains(introduction.instance())) {
            throw usedTwice(peer, introduction.address(), introduction.address());
        }
        @Nullable UUID directory = directories.get(peer);
        if (!introduction.directory().equals(directory)) {
            if (directory != null && isVoter) {
                throw FlynnException.conflict(
                        "peer \"%s\" has come back with another data directory, but it is a voter and has promised to remember; restore the old directory, or remove the peer and add it as a new one"
                                .formatted(peer));
            }
            directories.put(peer, introduction.directory());
            save();
        }
        @Nullable Introduction before = current.put(peer, introduction);
        if (before != null && before.instance() != introduction.instance()) {
            replaced.add(before.instance());
        }
        addresses.put(peer, introduction.address());
        return !introduction.equals(before);
    }

    static FlynnException usedTwice(String peer, String address, String other) {
        return FlynnException.conflict(
                "peer \"%s\" runs twice, at %s and at %s: a copy of its data directory is in use; stop the copy and delete it, then add that host as a new peer"
                        .formatted(peer, address, other));
    }

    private void save() throws IOException {
        var saved = new Properties();
        directories.forEach((peer, directory) -> saved.setProperty(peer, directory.toString()));
        var text = new StringWriter();
        saved.store(text, null);
        DataDirectory.replaceFile(file, text.toString());
    }
}
