package dev.flynn.base;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signed URLs of the blobstore: whoever has one may do one thing with one object, and learns nothing of the cluster's key.
 * The signature is the HMAC-SHA256 of {@code <METHOD> <path>}, in URL-safe base64.
 */
public final class BlobSignature {

    /** The query parameter that carries the signature. */
    public static final String PARAMETER = "sig";

    private final byte[] key;

    public BlobSignature(String clusterKey) {
        this.key = clusterKey.getBytes(StandardCharsets.UTF_8);
    }

    /** @param path of the object, with its leading slash */
    public String sign(String method, String path) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            byte[] signature = mac.doFinal((method + " " + path).getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC-SHA256", e);
        }
    }

    /** Compares in a time that does not depend on where the signatures differ. */
    public boolean verify(String method, String path, String signature) {
        return MessageDigest.isEqual(
                sign(method, path).getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    }
}
