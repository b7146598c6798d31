package dev.flynn.api.access;

import static java.util.Objects.requireNonNull;

import org.apiguardian.api.API;

/**
 * A key as it is given to whoever asked for it, once.
 *
 * @param key the password of Basic authentication
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record IssuedKey(String key, AccessKey accessKey) {

    public IssuedKey {
        requireNonNull(key, "key");
        requireNonNull(accessKey, "accessKey");
    }

    /** Without the key. */
    @Override
    public String toString() {
        return "IssuedKey[" + accessKey.name() + "]";
    }
}
