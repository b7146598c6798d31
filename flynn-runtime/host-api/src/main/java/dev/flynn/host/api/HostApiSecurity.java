package dev.flynn.host.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import java.net.InetSocketAddress;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Who may use a host's API. */
public abstract sealed class HostApiSecurity {

    private static final String BASIC = "basic ";

    private HostApiSecurity() {}

    /**
     * TLS with the host's certificate; every request needs the certificate of a host of the cluster, or one of the cluster's
     * keys as the password of Basic authentication.
     *
     * @param keys asked for at each request that has no certificate; none before the cluster was bootstrapped
     */
    public static HostApiSecurity ofCluster(HostCredentials credentials, Supplier<List<String>> keys) {
        return new OfCluster(credentials, keys);
    }

    /** The historic form: plain HTTP, and whoever can connect may start processes. On loopback only. */
    public static HostApiSecurity open() {
        return new Open();
    }

    /** @throws FlynnException {@code VALIDATION} if an API with this security must not listen there */
    public abstract void requireAddress(InetSocketAddress address);

    /** What the server shows; empty for plain HTTP. */
    abstract Optional<HostCredentials> tls();

    /**
     * Lets a request in; may wait for the store.
     *
     * @param certificate that the client showed
     * @param authorization the header
     * @param origin the header by which a browser says on whose behalf it asks
     * @throws FlynnException {@code UNAUTHORIZED}
     */
    abstract void admit(Optional<X509Certificate> certificate, Optional<String> authorization, Optional<String> origin);

    private static final class OfCluster extends HostApiSecurity {

        private final HostCredentials credentials;
        private final Supplier<List<String>> keys;

        OfCluster(HostCredentials credentials, Supplier<List<String>> keys) {
            this.credentials = credentials;
            this.keys = keys;
        }

        @Override
        public void requireAddress(InetSocketAddress address) {}

        @Override
        Optional<HostCredentials> tls() {
            return Optional.of(credentials);
        }

        @Override
        void admit(Optional<X509Certificate> certificate, Optional<String> authorization, Optional<String> origin) {
            if (certificate.isPresent()) {
                credentials.admit(certificate.get());
                return;
            }
            byte[] given = authorization.flatMap(HostApiSecurity::password).orElse(new byte[0]);
            boolean known = false;
            for (String key : keys.get()) {
                known |= !key.isEmpty() & MessageDigest.isEqual(key.getBytes(UTF_8), given);
            }
            if (!known) {
                throw new FlynnException(
                        ErrorCode.UNAUTHORIZED,
                        "the host's API needs the certificate of a host of this cluster, or the cluster's key as the password");
            }
        }
    }

    private static Optional<byte[]> password(String authorization) {
        if (!authorization.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
            return Optional.empty();
        }
        try {
            String pair = new String(
                    Base64.getDecoder()
                            .decode(authorization.substring(BASIC.length()).strip()),
                    UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : Optional.of(pair.substring(colon + 1).getBytes(UTF_8));
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }

    private static final class Open extends HostApiSecurity {

        @Override
        public void requireAddress(InetSocketAddress address) {
            if (!address.getAddress().isLoopbackAddress()) {
                throw FlynnException.invalid(
                        "--insecure-host-api lets everybody who can connect start processes as this user, so it is for loopback only, and the host's API is to listen on %s; leave it out, or listen on 127.0.0.1"
                                .formatted(address.getAddress().getHostAddress()));
            }
        }

        @Override
        Optional<HostCredentials> tls() {
            return Optional.empty();
        }

        /** A page in a browser on this machine is not whoever can connect. */
        @Override
        void admit(Optional<X509Certificate> certificate, Optional<String> authorization, Optional<String> origin) {
            if (origin.isPresent()) {
                throw new FlynnException(ErrorCode.UNAUTHORIZED, "an open host API does not answer pages of browsers");
            }
        }
    }
}
