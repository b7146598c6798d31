package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.blob.BlobStore;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The cluster's objects, as one of its hosts serves them.
 *
 * <p>The bytes are files of hosts, a copy per version of an object; which version is the right one is a record in the cluster
 * store. A put makes its copies durable first and writes the record last, so that whatever happens in between leaves files
 * that nothing refers to. A file that no record names is never served: a host that was away cannot bring back what was
 * deleted or replaced meanwhile.
 */
final class ReplicatedBlobStore implements BlobStore {

    private static final Logger log = LoggerFactory.getLogger(ReplicatedBlobStore.class);

    /** Less by far than {@link Repair} spares files that nothing refers to. */
    private static final Duration PUT_PATIENCE = Duration.ofMinutes(20);

    /** An object that is replaced again and again while it is opened. */
    private static final int OPEN_ATTEMPTS = 20;

    private final BlobTable table;
    private final Copies copies;
    private final Peers peers;
    private final CopySender sender;
    private final Consumer<String> onMissing;

    /** @param onMissing told of versions that should be here and are not; must be quick */
    ReplicatedBlobStore(BlobTable table, Copies copies, Peers peers, Consumer<String> onMissing) {
        this.table = table;
        this.copies = copies;
        this.peers = peers;
        this.sender = new CopySender(copies, peers);
        this.onMissing = onMissing;
    }

    @Override
    public BlobInfo put(String key, String contentType, InputStream content) throws IOException {
        return put(key, contentType, content, PutCondition.NONE);
    }

    /**
     * Puts if a condition holds, which is looked at when the put takes effect.
     *
     * @throws FlynnException {@code PRECONDITION_FAILED}; {@code SERVICE_UNAVAILABLE} if too few hosts could store it
     */
    BlobInfo put(String key, String contentType, InputStream content, PutCondition condition) throws IOException {
        FileBlobStore.requireKey(key);
        if (condition != PutCondition.NONE) {
            condition.require(key, table.find(key));
        }
        String version = UUID.randomUUID().toString();
        BlobInfo stored = copies.put(version, contentType, content, Optional.empty());
        Set<String> holders = new HashSet<>();
        BlobRecord fresh;
        try {
            spread(key, version, holders);
            fresh = BlobRecord.of(key, version, stored, holders);
        } catch (IOException | RuntimeException e) {
            discard(version, holders);
            throw e;
        }
        // when this throws, it may have happened
        boolean committed = table.put(fresh, condition);
        if (!committed) {
            discard(version, holders);
            condition.require(key, table.find(key));
            throw FlynnException.conflict("%s changed while it was stored; try again".formatted(key));
        }
        return fresh.info();
    }

    /** Takes over what this host kept before objects had copies; what the cluster knows under that key already is newer. */
    void adopt() throws IOException {
        for (String key : copies.olderObjects()) {
            Optional<Blob> old = copies.open(key);
            if (old.isPresent() && table.find(key).isEmpty()) {
                try (Blob blob = old.get();
                        InputStream content = blob.content(0)) {
                    var unused = put(key, blob.info().contentType(), content, PutCondition.ABSENT);
                }
            }
            copies.delete(key);
        }
    }

    private void spread(String key, String version, Set<String> holders) throws IOException {
        long begin = System.nanoTime();
        Members members = peers.members();
        holders.add(members.self());
        int needed = Replication.needed(members.hosts().size());
        if (needed > 1) {
            List<String> candidates = Replication.order(
                            version, members.addresses().keySet())
                    .stream()
                    .filter(members::keeps)
                    .toList();
            CopySender.Sent sent = sender.send(version, candidates, needed - 1, UnaryOperator.identity());
            holders.addAll(sent.hosts());
            if (holders.size() < needed) {
                throw FlynnException.unavailable(
                        "%s could be stored on %d of the %d hosts that are needed%s; try again in a moment"
                                .formatted(
                                        key,
                                        holders.size(),
                                        needed,
                                        sent.failures().isEmpty()
                                                ? ", because no other host's blobstore runs"
                                                : " (" + String.join("; ", sent.failures()) + ")"),
                        null);
            }
        }
        if (System.nanoTime() - begin > PUT_PATIENCE.toNanos()) {
            throw FlynnException.unavailable("%s took too long to reach other hosts".formatted(key), null);
        }
    }

    private void discard(String version, Set<String> holders) {
        try {
            copies.delete(version);
        } catch (IOException e) {
            log.atInfo().addKeyValue("version", version).setCause(e).log("a copy that nobody needs stays for a while");
        }
        String self = peers.members().self();
        holders.stream().filter(host -> !host.equals(self)).forEach(host -> peers.discard(host, version));
    }

    @Override
    public Optional<BlobInfo> info(String key) {
        FileBlobStore.requireKey(key);
        return table.find(key).map(BlobRecord::info);
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if no host that lives has a copy */
    @Override
    public Optional<Blob> open(String key) throws IOException {
        FileBlobStore.requireKey(key);
        Optional<BlobRecord> found = table.find(key);
        for (int attempt = 1; found.isPresent(); attempt++) {
            BlobRecord record = found.get();
            Optional<Blob> blob = open(record);
            if (blob.isPresent()) {
                return blob;
            }
            Optional<BlobRecord> now = table.find(key);
            if (attempt == OPEN_ATTEMPTS || now.equals(found)) {
                throw FlynnException.unavailable(
                        "%s cannot be read now: its copies are on %s, and none of these answers"
                                .formatted(key, String.join(", ", record.hosts())),
                        null);
            }
            found = now;
        }
        return Optional.empty();
    }

    private Optional<Blob> open(BlobRecord record) throws IOException {
        Optional<Blob> local = copies.open(record.version());
        if (local.isPresent()) {
            return Optional.of(new LocalBlob(record.info(), local.get()));
        }
        onMissing.accept(record.version());
        return RemoteBlob.open(peers, record, sources(record, peers.members())).map(blob -> blob);
    }

    /** Those that are known to have it, then those that may. */
    static List<String> sources(BlobRecord record, Members members) {
        List<String> hosts = new ArrayList<>(record.hosts());
        members.addresses().keySet().stream()
                .filter(host -> !record.isOn(host))
                .sorted()
                .forEach(hosts::add);
        hosts.removeIf(host -> !members.addresses().containsKey(host));
        return hosts;
    }

    @Override
    public void delete(String key) {
        FileBlobStore.requireKey(key);
        table.delete(key);
    }

    @Override
    public List<String> keys(String prefix) {
        return table.list(prefix).stream().map(BlobRecord::key).sorted().toList();
    }

    @Override
    public void close() {
        copies.close();
    }

    /** A file of this host under the name of its object. */
    private record LocalBlob(BlobInfo info, Blob copy) implements Blob {

        @Override
        public InputStream content(long offset) throws IOException {
            return copy.content(offset);
        }

        @Override
        public void close() throws IOException {
            copy.close();
        }
    }
}
