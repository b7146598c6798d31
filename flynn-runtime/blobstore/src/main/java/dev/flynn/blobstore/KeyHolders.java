package dev.flynn.blobstore;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import org.glassfish.grizzly.http.server.Request;

/** Those who have the cluster's key: any user, with the key as the password. */
final class KeyHolders {

    private final byte[] key;

    KeyHolders(String clusterKey) {
        this.key = clusterKey.getBytes(StandardCharsets.UTF_8);
    }

    boolean haveKey(Request request) {
        String header = request.getHeader("Authorization");
        if (header == null || !header.startsWith("Basic ")) {
            return false;
        }
        try {
            String credentials = new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
            byte[] password =
                    credentials.substring(credentials.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
            return MessageDigest.isEqual(password, key);
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }
}
