package dev.flynn.discovery.etcd;

import io.etcd.jetcd.KeyValue;
import java.nio.charset.StandardCharsets;

/** A key of etcd with its value. */
record Fact(String key, String value, long createRevision, long modRevision, long lease) {

    static Fact of(KeyValue found) {
        return new Fact(
                found.getKey().toString(StandardCharsets.UTF_8),
                found.getValue().toString(StandardCharsets.UTF_8),
                found.getCreateRevision(),
                found.getModRevision(),
                found.getLease());
    }
}
