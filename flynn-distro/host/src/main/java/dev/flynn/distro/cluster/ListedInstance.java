package dev.flynn.distro.cluster;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A host in the list of a cluster that is being built (contract: layer 0, Cluster discovery token service).
 *
 * @param id given by the service, like {@code clusterId} and {@code createdAt}
 * @param url where the host is, {@code http://<external ip>:1113}
 * @param name the host's id
 */
record ListedInstance(
        String id,
        String clusterId,
        String flynnVersion,
        List<SshPublicKey> sshPublicKeys,
        String url,
        String name,
        @Nullable Instant createdAt) {

    ListedInstance {
        sshPublicKeys = List.copyOf(sshPublicKeys);
    }

    /** @param data base64 of the SSH wire format */
    record SshPublicKey(String type, String data) {}

    static ListedInstance of(String url, String name, String version) {
        return new ListedInstance("", "", version, List.of(), url, name, null);
    }

    ListedInstance entered(String instanceId, String cluster, Instant at) {
        return new ListedInstance(instanceId, cluster, flynnVersion, sshPublicKeys, url, name, at);
    }

    /** One in an envelope, as requests and answers have it. */
    record One(ListedInstance data) {}

    /** Several in an envelope, which is there also when there are none. */
    record Many(@JsonInclude(JsonInclude.Include.ALWAYS) List<ListedInstance> data) {
        Many {
            data = List.copyOf(data);
        }
    }
}
