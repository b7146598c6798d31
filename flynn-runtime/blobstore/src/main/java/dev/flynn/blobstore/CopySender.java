package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore.Blob;
import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;

/** Sends a copy of this host to others, until enough have it. */
final class CopySender {

    private final Copies copies;
    private final Peers peers;

    CopySender(Copies copies, Peers peers) {
        this.copies = copies;
        this.peers = peers;
    }

    /**
     * What came of it.
     *
     * @param hosts that have a durable copy now
     * @param failures why others have none
     */
    record Sent(Set<String> hosts, List<String> failures) {}

    /**
     * @param candidates in the order in which they are tried
     * @param count how many of them are enough
     * @param pace may slow down the reading
     */
    Sent send(String version, List<String> candidates, int count, UnaryOperator<InputStream> pace) throws IOException {
        Set<String> hosts = new TreeSet<>();
        List<String> failures = new ArrayList<>();
        for (String host : candidates) {
            if (hosts.size() >= count) {
                break;
            }
            try (Blob blob = copies.open(version)
                    .orElseThrow(() -> new IOException("the copy %s is not here any more".formatted(version)))) {
                BlobInfo info = blob.info();
                try (InputStream content = pace.apply(blob.content(0))) {
                    peers.send(host, version, info, content);
                    hosts.add(host);
                } catch (IOException e) {
                    failures.add(host + ": " + e.getMessage());
                }
            }
        }
        return new Sent(hosts, failures);
    }
}
