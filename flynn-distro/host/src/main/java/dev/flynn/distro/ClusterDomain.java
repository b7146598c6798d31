package dev.flynn.distro;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.ClusterStore;
import dev.flynn.spi.store.StoreEntry;
import dev.flynn.spi.store.Transaction;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** The domain that a cluster got when it was new; routes and certificates are made for it. */
final class ClusterDomain {

    static final String KEY = "bootstrap/domain";

    /** RFC 1123, section 2.1; names of apps and of the platform's own parts go before it. */
    private static final Pattern NAME =
            Pattern.compile("(?i)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*");

    /** Of 253 octets, a name before it needs some. */
    private static final int LONGEST = 180;

    private ClusterDomain() {}

    /** The domain of a cluster that has one. */
    static Optional<String> of(ClusterStore store) {
        return store.get(KEY).map(StoreEntry::value);
    }

    /**
     * Gives a new cluster its domain.
     *
     * @param wayOut from the domain that the cluster has
     * @throws FlynnException {@code VALIDATION} if it has another
     */
    static void require(ClusterStore store, String domain, UnaryOperator<String> wayOut) {
        Optional<String> known = store.get(KEY).map(StoreEntry::value);
        if (known.isEmpty()) {
            requireName(domain);
            store.commit(Transaction.builder().whenAbsent(KEY).put(KEY, domain).build());
            known = store.get(KEY).map(StoreEntry::value);
        }
        if (!known.equals(Optional.of(domain))) {
            String has = known.orElse("");
            throw new FlynnException(
                    ErrorCode.VALIDATION,
                    "the cluster has the domain %s, not %s; %s".formatted(has, domain, wayOut.apply(has)));
        }
    }

    /**
     * What to say when nobody would find the cluster by its names: those below {@code localhost} mean this machine's own
     * addresses, whatever a name server says (RFC 6761, section 6.3).
     *
     * @param ip at which the router listens
     */
    static Optional<String> warning(String domain, String ip) {
        String lower = domain.toLowerCase(Locale.ROOT);
        boolean isLocal = lower.equals("localhost") || lower.endsWith(".localhost");
        if (!isLocal || Set.of("127.0.0.1", "0.0.0.0", "::", "::1").contains(ip)) {
            return Optional.empty();
        }
        return Optional.of(
                "names below %s mean 127.0.0.1, but the router listens at %s: give the cluster a --domain that /etc/hosts or a name server has there"
                        .formatted(domain, ip));
    }

    /** Routes and certificates could not be made for anything else, which would show half-way through. */
    private static void requireName(String domain) {
        if (domain.length() > LONGEST || !NAME.matcher(domain).matches()) {
            throw FlynnException.invalid(
                    "\"%s\" is no domain; give one such as apps.example.com, without a port".formatted(domain));
        }
    }
}
