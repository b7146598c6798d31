package dev.flynn.router.tls;

import java.io.IOException;
import java.io.StringReader;
import java.util.Optional;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;

/** Private keys in the forms that OpenSSL wrote before PKCS#8. Apart, so that its library is loaded for those only. */
final class OpenSslKeys {

    private OpenSslKeys() {}

    /** The first unencrypted private key of a PEM text, in the DER of PKCS#8. */
    static Optional<byte[]> toPkcs8(String pem) throws IOException {
        try (PEMParser parser = new PEMParser(new StringReader(pem))) {
            for (Object found = parser.readObject(); found != null; found = parser.readObject()) {
                if (found instanceof PEMKeyPair pair) {
                    return Optional.of(pair.getPrivateKeyInfo().getEncoded());
                }
            }
        }
        return Optional.empty();
    }
}
