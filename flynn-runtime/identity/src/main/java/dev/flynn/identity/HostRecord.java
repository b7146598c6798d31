package dev.flynn.identity;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A host that belongs to the cluster, as the store has it.
 *
 * @param keys that its certificates are for: more than one after a renewal, until the older certificates have expired
 * @param token that let it join; empty for the first host
 */
record HostRecord(List<IssuedKey> keys, String token, Instant joinedAt) {

    HostRecord {
        keys = List.copyOf(keys);
    }

    /** @param fingerprint of the public key */
    record IssuedKey(String fingerprint, Instant until) {}

    boolean has(String fingerprint) {
        return keys.stream().anyMatch(key -> key.fingerprint().equals(fingerprint));
    }

    HostRecord with(IssuedKey issued, Instant now) {
        List<IssuedKey> living = new ArrayList<>(keys);
        living.removeIf(key -> key.until().isBefore(now) || key.fingerprint().equals(issued.fingerprint()));
        living.add(issued);
        return new HostRecord(living, token, joinedAt);
    }
}
