package dev.flynn.blobstore;

import dev.flynn.spi.blob.BlobStore.BlobInfo;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the cluster knows about an object: which version it is, and who has a copy of that. Copies never change; another
 * content is another version.
 *
 * @param version under which hosts keep their copies; never used twice
 * @param hosts that had a durable copy, sorted
 */
record BlobRecord(
        String key,
        String version,
        long size,
        String contentType,
        String etag,
        Instant modifiedAt,
        List<String> hosts) {

    BlobRecord {
        hosts = List.copyOf(new TreeSet<>(hosts));
    }

    /** @param stored what the first copy is like */
    static BlobRecord of(String key, String version, BlobInfo stored, Set<String> hosts) {
        return new BlobRecord(
                key,
                version,
                stored.size(),
                stored.contentType(),
                stored.etag(),
                stored.modifiedAt(),
                List.copyOf(hosts));
    }

    BlobInfo info() {
        return new BlobInfo(key, size, contentType, etag, modifiedAt);
    }

    boolean isOn(String host) {
        return hosts.contains(host);
    }

    BlobRecord withHosts(Set<String> more) {
        List<String> all = new ArrayList<>(hosts);
        all.addAll(more);
        return new BlobRecord(key, version, size, contentType, etag, modifiedAt, all);
    }

    BlobRecord withoutHost(String host) {
        return new BlobRecord(
                key,
                version,
                size,
                contentType,
                etag,
                modifiedAt,
                hosts.stream().filter(other -> !other.equals(host)).toList());
    }
}
