package dev.flynn.identity;

import dev.flynn.api.error.FlynnException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name that a certificate gives a host: {@code flynn://<cluster id>/host/<host id>}.
 *
 * @param hostId lower-case letters and digits, so that a job's id names its host, and a name can be a file's
 */
public record HostName(UUID clusterId, String hostId) {

    private static final int URI_NAME = 6;
    private static final int MAX_LENGTH = 63;
    private static final Pattern HOST_ID = Pattern.compile("[a-z0-9]{1," + MAX_LENGTH + "}");
    private static final Pattern URI = Pattern.compile(
            "flynn://([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/host/([a-z0-9]{1," + MAX_LENGTH + "})");

    public HostName {
        requireHostId(hostId);
    }

    /** @throws FlynnException {@code VALIDATION} saying what a host id may be */
    public static String requireHostId(String hostId) {
        if (!HOST_ID.matcher(hostId).matches()) {
            throw FlynnException.invalid(
                    "host id \"%s\" must be 1 to %d lower-case letters and digits".formatted(hostId, MAX_LENGTH));
        }
        return hostId;
    }

    static Optional<HostName> parse(String uri) {
        Matcher matcher = URI.matcher(uri);
        return matcher.matches()
                ? Optional.of(new HostName(UUID.fromString(matcher.group(1)), matcher.group(2)))
                : Optional.empty();
    }

    /** The name in a certificate; empty if it is not that of a host. */
    static Optional<HostName> of(X509Certificate certificate) {
        try {
            Collection<List<?>> names = certificate.getSubjectAlternativeNames();
            if (names == null || names.size() != 1) {
                return Optional.empty();
            }
            List<?> name = names.iterator().next();
            return name.get(0).equals(URI_NAME) && name.get(1) instanceof String uri ? parse(uri) : Optional.empty();
        } catch (CertificateParsingException malformed) {
            return Optional.empty();
        }
    }

    String uri() {
        return "flynn://%s/host/%s".formatted(clusterId, hostId);
    }
}
