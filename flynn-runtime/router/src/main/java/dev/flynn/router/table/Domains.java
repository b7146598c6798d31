package dev.flynn.router.table;

import io.netty.handler.ssl.SslContext;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The domains of one port, found by the host of a request. Nobody changes it once a table has it. */
final class Domains {

    static final Domains NONE = new Domains(Map.of(), Map.of(), null);

    private static final String WILDCARD = "*.";
    private static final String CATCH_ALL = "*";
    private static final int MAX_WILDCARD_ATTEMPTS = 5;

    private final Map<String, Domain> exact;

    /** By what follows the asterisk and its dot. */
    private final Map<String, Domain> wildcards;

    private @Nullable Domain catchAll;

    /** One domain's paths, and the TLS of its root route if that has its own. */
    record Domain(PathTree<Target> paths, Optional<SslContext> tls) {}

    private Domains(Map<String, Domain> exact, Map<String, Domain> wildcards, @Nullable Domain catchAll) {
        this.exact = exact;
        this.wildcards = wildcards;
        this.catchAll = catchAll;
    }

    /** The same ones, to be changed. */
    Domains copy() {
        return new Domains(new HashMap<>(exact), new HashMap<>(wildcards), catchAll);
    }

    /** @param name in lower case */
    void put(String name, Domain domain) {
        if (name.equals(CATCH_ALL)) {
            catchAll = domain;
        } else if (name.startsWith(WILDCARD)) {
            wildcards.put(name.substring(WILDCARD.length()), domain);
        } else {
            exact.put(name, domain);
        }
    }

    void remove(String name) {
        if (name.equals(CATCH_ALL)) {
            catchAll = null;
        } else if (name.startsWith(WILDCARD)) {
            wildcards.remove(name.substring(WILDCARD.length()));
        } else {
            exact.remove(name);
        }
    }

    boolean isEmpty() {
        return exact.isEmpty() && wildcards.isEmpty() && catchAll == null;
    }

    /** An exact domain, or the wildcard with the longest suffix, or the catch-all. */
    @Nullable
    Domain find(String host) {
        Domain found = exact.get(host);
        if (found == null && !wildcards.isEmpty()) {
            found = wildcard(host);
        }
        return found == null ? catchAll : found;
    }

    private @Nullable Domain wildcard(String host) {
        String suffix = host;
        for (int attempt = 0; attempt < MAX_WILDCARD_ATTEMPTS; attempt++) {
            Domain wildcard = wildcards.get(suffix);
            if (wildcard != null) {
                return wildcard;
            }
            int dot = suffix.indexOf('.');
            if (dot < 0) {
                return null;
            }
            suffix = suffix.substring(dot + 1);
        }
        return null;
    }
}
