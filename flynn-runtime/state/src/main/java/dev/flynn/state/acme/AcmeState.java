package dev.flynn.state.acme;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.certificate.DomainCertificate;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.route.Route;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The records of the certificates that a cluster gets itself. Whoever reads them learns no private key: those are encrypted
 * with a key that is not in the store.
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><td>{@code acme/settings}</td><td>{@link AcmeSettings}</td></tr>
 * <tr><td>{@code acme/accounts/<hash of the directory's URL>}</td><td>{@link AcmeAccount}</td></tr>
 * <tr><td>{@code acme/certificates/<domain>}</td><td>{@link IssuedCertificate}</td></tr>
 * <tr><td>{@code acme/attempts/<domain>}</td><td>{@link CertificateAttempt}</td></tr>
 * <tr><td>{@code acme/challenges/<domain>/<token>}</td><td>{@link PostedChallenge}</td></tr>
 * </table>
 *
 * <p>Thread-safe.
 */
public final class AcmeState {

    /** What all keys begin with. */
    public static final String PREFIX = "acme/";

    private static final String SETTINGS = "settings";
    private static final String ROOT = "/";
    private static final String CATCH_ALL = "*";

    private final ClusterState state;
    private final Table<AcmeSettings> settings;
    private final Table<AcmeAccount> accounts;
    private final Table<IssuedCertificate> certificates;
    private final Table<CertificateAttempt> attempts;
    private final Table<PostedChallenge> challenges;

    public AcmeState(ClusterState state) {
        this.state = state;
        this.settings = state.table(PREFIX, AcmeSettings.class);
        this.accounts = state.table(PREFIX + "accounts/", AcmeAccount.class);
        this.certificates = state.table(PREFIX + "certificates/", IssuedCertificate.class);
        this.attempts = state.table(PREFIX + "attempts/", CertificateAttempt.class);
        this.challenges = state.table(PREFIX + "challenges/", PostedChallenge.class);
    }

    /** Empty while the cluster gets no certificates. */
    public Optional<AcmeSettings> settings() {
        return settings.find(SETTINGS).map(Versioned::value);
    }

    /** From now on; what failed before is tried again at once. */
    public void enable(AcmeSettings wanted) {
        while (true) {
            Transaction.Builder transaction = Transaction.builder();
            settings.find(SETTINGS)
                    .ifPresentOrElse(
                            read -> settings.replace(transaction, read, wanted),
                            () -> settings.create(transaction, SETTINGS, wanted));
            for (Versioned<CertificateAttempt> attempt : attempts.list()) {
                attempts.replace(transaction, attempt, attempt.value().now());
            }
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    /** Asks for nothing from now on; what was issued serves until it expires. */
    public void disable() {
        state.commit(Transaction.builder().delete(settings.key(SETTINGS)));
    }

    /** Tries again at once what failed. */
    public void retry(String domain) {
        attempts.update(domain, CertificateAttempt::now);
    }

    public Table<AcmeAccount> accounts() {
        return accounts;
    }

    /** By domain. */
    public Table<IssuedCertificate> certificates() {
        return certificates;
    }

    /** By domain. */
    public Table<CertificateAttempt> attempts() {
        return attempts;
    }

    /** By {@link PostedChallenge#recordId}. */
    public Table<PostedChallenge> challenges() {
        return challenges;
    }

    /** The domains of routes that ask for a certificate. */
    public static Set<String> wanted(Iterable<Route> routes) {
        Set<String> wanted = new TreeSet<>();
        for (Route route : routes) {
            if (route.autoTls() && route.path().orElse(ROOT).equals(ROOT)) {
                route.domain().map(name -> name.toLowerCase(Locale.ROOT)).ifPresent(wanted::add);
            }
        }
        return wanted;
    }

    /** @throws FlynnException {@code VALIDATION} for a domain for which no authority issues anything */
    public static void requirePossible(String domain) {
        if (domain.equals(CATCH_ALL) || !domain.contains(".") || domain.matches("[0-9.]+") || domain.length() > 253) {
            throw FlynnException.invalidField(
                    "auto_tls",
                    "is for public host names such as www.example.com or *.example.com; for \"%s\" no authority issues a certificate: give tls_cert and tls_key, or the cluster's own serves"
                            .formatted(domain));
        }
    }

    /** How it stands with each of these domains. */
    public List<DomainCertificate> status(Set<String> domains) {
        return domains.stream().sorted().map(this::status).toList();
    }

    /** How it stands with a domain. */
    public DomainCertificate status(String domain) {
        Optional<IssuedCertificate> issued = certificates.find(domain).map(Versioned::value);
        CertificateAttempt attempt = attempts.find(domain).map(Versioned::value).orElse(CertificateAttempt.NONE);
        DomainCertificate.State now = attempt.failures() > 0
                ? DomainCertificate.State.FAILING
                : issued.isPresent() ? DomainCertificate.State.ISSUED : DomainCertificate.State.WAITING;
        return new DomainCertificate(
                domain,
                now,
                issued.map(IssuedCertificate::notBefore),
                issued.map(IssuedCertificate::notAfter),
                issued.map(IssuedCertificate::renewAt),
                attempt.failures(),
                attempt.error(),
                attempt.failedAt(),
                attempt.notBefore());
    }
}
