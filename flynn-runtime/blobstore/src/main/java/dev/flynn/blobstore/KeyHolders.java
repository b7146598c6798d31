package dev.flynn.blobstore;

import dev.flynn.base.KeyPassword;
import org.glassfish.grizzly.http.server.Request;

/** Those who have the cluster's key: any user, with the key as the password. */
final class KeyHolders {

    private final String key;

    KeyHolders(String clusterKey) {
        this.key = clusterKey;
    }

    boolean haveKey(Request request) {
        return KeyPassword.isIn(request.getHeader("Authorization"), key);
    }
}
