package dev.flynn.acme;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.SealingKey;
import dev.flynn.spi.router.HttpRoute;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.spi.router.RouteTable.Certificate;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.state.acme.IssuedCertificate;
import dev.flynn.state.acme.PostedChallenge;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a router needs: the certificates that are there, and what to answer authorities. Thread-safe. */
final class CertificateView implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CertificateView.class);

    private static final String ROOT = "/";

    private final SealingKey sealingKey;
    private final AcmeState state;
    private final TableView<IssuedCertificate> certificates;
    private final TableView<PostedChallenge> challenges;

    /** Decrypted, by domain, with the revision that they are of. */
    private final Map<String, Opened> opened = new ConcurrentHashMap<>();

    /** By the route without its certificate: a router goes by the objects when it looks for what has changed. */
    private Map<HttpRoute, HttpRoute> completed = Map.of();

    private record Opened(long revision, Optional<Certificate> certificate) {}

    CertificateView(AcmeState state, SealingKey sealingKey, Runnable onChange) {
        this.state = state;
        this.sealingKey = sealingKey;
        // one at a time, so that who applies what it completes then ends with the newest
        var order = new Object();
        Runnable inOrder = () -> {
            synchronized (order) {
                onChange.run();
            }
        };
        this.certificates = state.certificates().view(inOrder);
        this.challenges = state.challenges().view(inOrder);
    }

    /** The table with certificates for those of its domains that are wanted, and with the challenges. */
    synchronized RouteTable complete(RouteTable table, Set<String> wanted) {
        Map<String, Versioned<IssuedCertificate>> known = certificates.records();
        opened.keySet().retainAll(known.keySet());
        if (wanted.isEmpty() && challenges.records().isEmpty()) {
            return table;
        }
        Map<HttpRoute, HttpRoute> now = new IdentityHashMap<>();
        List<HttpRoute> routes = new ArrayList<>(table.routes().size());
        for (HttpRoute route : table.routes()) {
            routes.add(
                    needsOne(route)
                            ? Optional.of(route.domain().toLowerCase(Locale.ROOT))
                                    .filter(wanted::contains)
                                    .flatMap(domain -> open(domain, Optional.ofNullable(known.get(domain))))
                                    .map(certificate -> now.computeIfAbsent(route, bare -> with(certificate, bare)))
                                    .orElse(route)
                            : route);
        }
        completed = now;
        var answered = new HashSet<>(table.challenges());
        challenges
                .records()
                .values()
                .forEach(posted -> answered.add(posted.value().challenge()));
        return new RouteTable(routes, table.tcpRoutes(), table.backends(), answered);
    }

    /** The same object as the last time, if nothing is different. */
    private HttpRoute with(Certificate certificate, HttpRoute bare) {
        HttpRoute before = completed.get(bare);
        boolean same = before != null
                && before.certificate().filter(known -> known == certificate).isPresent();
        return before != null && same ? before : bare.withCertificate(certificate);
    }

    private static boolean needsOne(HttpRoute route) {
        return route.path().equals(ROOT) && route.certificate().isEmpty();
    }

    private Optional<Certificate> open(String domain, Optional<Versioned<IssuedCertificate>> issued) {
        return issued.flatMap(record -> {
            Opened before = opened.get(domain);
            if (before == null || before.revision() != record.modRevision()) {
                before = new Opened(record.modRevision(), decrypt(domain, record.value()));
                opened.put(domain, before);
            }
            return before.certificate();
        });
    }

    private Optional<Certificate> decrypt(String domain, IssuedCertificate issued) {
        try {
            String key = sealingKey.open(state.certificates().key(domain), issued.sealedKey());
            return Optional.of(new Certificate(issued.chain(), key));
        } catch (FlynnException unreadable) {
            log.atError()
                    .addKeyValue("domain", domain)
                    .addKeyValue("reason", unreadable.getMessage())
                    .log("the certificate of a domain cannot be read; the default one serves");
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        certificates.close();
        challenges.close();
    }
}
