package dev.flynn.acme;

import dev.flynn.api.error.FlynnException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Base64;

/** Key pairs on P-256, and their texts. */
final class Keys {

    private static final String EC = "EC";
    private static final int LINE = 64;

    private Keys() {}

    static KeyPair create() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(EC);
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has P-256", e);
        }
    }

    /** The private and the public key. */
    static String text(KeyPair keys) {
        return base64(keys.getPrivate().getEncoded()) + " "
                + base64(keys.getPublic().getEncoded());
    }

    static KeyPair parse(String text) {
        String[] parts = text.split(" ");
        try {
            KeyFactory factory = KeyFactory.getInstance(EC);
            return new KeyPair(
                    factory.generatePublic(
                            new X509EncodedKeySpec(Base64.getDecoder().decode(parts[1]))),
                    factory.generatePrivate(
                            new PKCS8EncodedKeySpec(Base64.getDecoder().decode(parts[0]))));
        } catch (GeneralSecurityException | IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw FlynnException.internal("a stored key pair is damaged", e);
        }
    }

    /** The private key alone, in PKCS#8. */
    static String pem(KeyPair keys) {
        return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
    }

    static String pem(String type, byte[] der) {
        String base64 = Base64.getMimeEncoder(LINE, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(type, base64, type);
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }
}
