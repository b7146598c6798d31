package dev.flynn.identity;

import dev.flynn.api.error.FlynnException;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.UUID;
import java.util.zip.CRC32;

/**
 * What a human copies to a host that is to join: which cluster, how to recognize it, and the right to join it.
 *
 * <p>As text it is {@code flynn-join-1.} and 107 characters of URL-safe base64; a check sum tells a token that was not copied
 * whole from one that is wrong.
 */
public final class JoinToken {

    private static final String PREFIX = "flynn-join-";
    private static final String VERSION = "1";
    private static final int ID_BYTES = 8;
    private static final int FINGERPRINT_BYTES = 32;
    private static final int SECRET_BYTES = 20;
    private static final int CONTENT_BYTES = 16 + FINGERPRINT_BYTES + ID_BYTES + SECRET_BYTES;
    private static final SecureRandom RANDOM = new SecureRandom();

    private final UUID clusterId;
    private final byte[] authorityFingerprint;
    private final byte[] id;
    private final byte[] secret;

    private JoinToken(UUID clusterId, byte[] authorityFingerprint, byte[] id, byte[] secret) {
        this.clusterId = clusterId;
        this.authorityFingerprint = authorityFingerprint;
        this.id = id;
        this.secret = secret;
    }

    /** A token that a cluster which is only being founded will know: {@link ClusterMembers#enter} it. */
    public static JoinToken of(ClusterAuthority authority) {
        return random(authority.clusterId(), authority.fingerprint());
    }

    static JoinToken random(UUID clusterId, byte[] authorityFingerprint) {
        byte[] id = new byte[ID_BYTES];
        byte[] secret = new byte[SECRET_BYTES];
        RANDOM.nextBytes(id);
        RANDOM.nextBytes(secret);
        return new JoinToken(clusterId, authorityFingerprint, id, secret);
    }

    /** @throws FlynnException {@code VALIDATION} if the text is no token, or not a whole one */
    public static JoinToken parse(String text) {
        String trimmed = text.strip();
        int dot = trimmed.indexOf('.');
        if (!trimmed.startsWith(PREFIX) || dot < 0) {
            throw FlynnException.invalid(
                    "that is no join token: one begins with %s%s. and comes from 'flynn-host token create'"
                            .formatted(PREFIX, VERSION));
        }
        String version = trimmed.substring(PREFIX.length(), dot);
        if (!version.equals(VERSION)) {
            throw FlynnException.invalid(
                    "this join token is of format %s and this program reads format %s: use the same version on all hosts"
                            .formatted(version.length() > 8 ? "?" : version, VERSION));
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(trimmed.substring(dot + 1));
        } catch (IllegalArgumentException e) {
            throw notWhole();
        }
        if (bytes.length != CONTENT_BYTES + Integer.BYTES) {
            throw notWhole();
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        var clusterId = new UUID(buffer.getLong(), buffer.getLong());
        byte[] fingerprint = take(buffer, FINGERPRINT_BYTES);
        byte[] id = take(buffer, ID_BYTES);
        byte[] secret = take(buffer, SECRET_BYTES);
        if (buffer.getInt() != checkSum(bytes)) {
            throw notWhole();
        }
        return new JoinToken(clusterId, fingerprint, id, secret);
    }

    private static FlynnException notWhole() {
        return FlynnException.invalid("this join token was not copied as it is: copy the whole line again");
    }

    private static byte[] take(ByteBuffer buffer, int length) {
        byte[] bytes = new byte[length];
        buffer.get(bytes);
        return bytes;
    }

    private static int checkSum(byte[] bytes) {
        CRC32 sum = new CRC32();
        sum.update(bytes, 0, CONTENT_BYTES);
        return (int) sum.getValue();
    }

    /** The text to copy; it is a secret. */
    public String text() {
        ByteBuffer buffer = ByteBuffer.allocate(CONTENT_BYTES + Integer.BYTES)
                .putLong(clusterId.getMostSignificantBits())
                .putLong(clusterId.getLeastSignificantBits())
                .put(authorityFingerprint)
                .put(id)
                .put(secret);
        buffer.putInt(checkSum(buffer.array()));
        return PREFIX + VERSION + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(buffer.array());
    }

    public UUID clusterId() {
        return clusterId;
    }

    /** Names the token without giving it away. */
    public String id() {
        return HexFormat.of().formatHex(id);
    }

    byte[] authorityFingerprint() {
        return authorityFingerprint.clone();
    }

    /** What is stored instead of the secret. The secret has 160 random bits, so that nobody tries them all. */
    byte[] secretHash() {
        byte[] salted = Arrays.copyOf(id, ID_BYTES + SECRET_BYTES);
        System.arraycopy(secret, 0, salted, ID_BYTES, SECRET_BYTES);
        return Fingerprint.sha256(salted);
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "JoinToken[" + id() + "]";
    }
}
