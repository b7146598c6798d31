package dev.flynn.acme;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.event.EventType;
import dev.flynn.base.SealingKey;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.state.acme.CertificateAttempt;
import dev.flynn.state.acme.IssuedCertificate;
import java.io.IOException;
import java.io.StringWriter;
import java.net.URL;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Certificate;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Order;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.exception.AcmeException;
import org.shredzone.acme4j.exception.AcmeRateLimitedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gets the certificate of one domain. Every step is in the store before the next one, so that whoever goes on after a death
 * goes on with the same order: nothing is issued twice. Thread-safe.
 */
final class Issuance {

    private static final Logger log = LoggerFactory.getLogger(Issuance.class);

    /** For an authority that does not say when it wants to be asked again. */
    private static final Duration RATE_LIMITED = Duration.ofHours(1);

    private final ClusterState cluster;
    private final AcmeState state;
    private final SealingKey sealingKey;
    private final Lease lease;
    private final Validations validations;
    private final Patience patience;
    private final Schedule schedule;
    private final SecureRandom random = new SecureRandom();

    Issuance(
            ClusterState cluster,
            AcmeState state,
            SealingKey sealingKey,
            Lease lease,
            Validations validations,
            Patience patience,
            Schedule schedule) {
        this.cluster = cluster;
        this.state = state;
        this.sealingKey = sealingKey;
        this.lease = lease;
        this.validations = validations;
        this.patience = patience;
        this.schedule = schedule;
    }

    /** @throws AcmeException with what the authority says, if there is no certificate in the end */
    void issue(String domain, Login login, AcmeSettings settings) throws AcmeException {
        CertificateAttempt attempt = attempt(domain);
        Optional<Order> known = attempt.sealedKey()
                .filter(key -> sealingKey.opens(state.attempts().key(domain), key))
                .flatMap(key -> attempt.order())
                .flatMap(url -> find(login, Accounts.url(url)));
        Order order = known.isPresent() ? known.get() : create(domain, login);
        KeyPair keys = Keys.parse(sealingKey.open(
                state.attempts().key(domain), attempt(domain).sealedKey().orElseThrow()));
        if (order.getStatus() == Status.PENDING) {
            for (Authorization authorization : order.getAuthorizations()) {
                validations.validate(authorization, settings, attempt.failures());
            }
            var unused = patience.until(status -> status != Status.PENDING, order);
        }
        if (order.getStatus() == Status.READY) {
            order.execute(keys);
        }
        if (patience.until(status -> status != Status.PROCESSING && status != Status.READY, order) != Status.VALID) {
            throw new AcmeException(order.getError()
                    .map(Problems::text)
                    .orElse("the authority issues nothing; the order is " + order.getStatus()));
        }
        keep(domain, settings, keys, order.getCertificate());
    }

    private CertificateAttempt attempt(String domain) {
        return state.attempts().find(domain).map(Versioned::value).orElse(CertificateAttempt.NONE);
    }

    /** The order that an attempt before has begun, if it can still lead to a certificate. */
    private static Optional<Order> find(Login login, URL url) {
        try {
            Order order = login.bindOrder(url);
            var unused = order.fetch();
            return order.getStatus() == Status.INVALID ? Optional.empty() : Optional.of(order);
        } catch (AcmeException gone) {
            log.atInfo()
                    .addKeyValue("order", url)
                    .addKeyValue("reason", Problems.text(gone))
                    .log("an order that was begun before is gone");
            return Optional.empty();
        }
    }

    private Order create(String domain, Login login) throws AcmeException {
        Order order = login.newOrder().domain(domain).create();
        String sealed = sealingKey.seal(state.attempts().key(domain), Keys.text(Keys.create()));
        put(domain, attempt(domain).ordered(order.getLocation().toString(), sealed));
        return order;
    }

    private void keep(String domain, AcmeSettings settings, KeyPair keys, Certificate certificate)
            throws AcmeException {
        certificate.download();
        X509Certificate leaf = certificate.getCertificate();
        Instant notBefore = leaf.getNotBefore().toInstant();
        Instant notAfter = leaf.getNotAfter().toInstant();
        Table<IssuedCertificate> certificates = state.certificates();
        var issued = new IssuedCertificate(
                settings.directory(),
                chain(certificate),
                sealingKey.seal(certificates.key(domain), Keys.pem(keys)),
                notBefore,
                notAfter,
                Schedule.renewal(notBefore, notAfter, random));
        Transaction.Builder transaction = Transaction.builder();
        certificates
                .find(domain)
                .ifPresentOrElse(
                        read -> certificates.replace(transaction, read, issued),
                        () -> certificates.create(transaction, domain, issued));
        transaction.delete(state.attempts().key(domain));
        lease.commit(transaction);
        tell(domain);
        log.atInfo()
                .addKeyValue("domain", domain)
                .addKeyValue("until", notAfter)
                .addKeyValue("renewal", issued.renewAt())
                .log("certificate issued");
    }

    private static String chain(Certificate certificate) {
        var text = new StringWriter();
        try {
            certificate.writeCertificate(text);
        } catch (IOException e) {
            throw new IllegalStateException("a string takes everything", e);
        }
        return text.toString();
    }

    /** Notes why there is no certificate, and when to try again. */
    void failed(String domain, AcmeException failure) {
        Instant now = cluster.clock().instant();
        CertificateAttempt attempt = attempt(domain);
        Instant next = now.plus(schedule.delay(attempt.failures() + 1, random));
        if (failure instanceof AcmeRateLimitedException limited) {
            Instant allowed = limited.getRetryAfter().orElse(now.plus(RATE_LIMITED));
            next = allowed.isAfter(next) ? allowed : next;
        }
        String reason = Problems.text(failure);
        put(domain, attempt.failed(reason, now, next));
        tell(domain);
        log.atWarn()
                .addKeyValue("domain", domain)
                .addKeyValue("reason", reason)
                .addKeyValue("next", next)
                .log("no certificate yet");
    }

    private void put(String domain, CertificateAttempt attempt) {
        Table<CertificateAttempt> attempts = state.attempts();
        Transaction.Builder transaction = Transaction.builder();
        attempts.find(domain)
                .ifPresentOrElse(
                        read -> attempts.replace(transaction, read, attempt),
                        () -> attempts.create(transaction, domain, attempt));
        lease.commit(transaction);
    }

    private void tell(String domain) {
        Transaction.Builder transaction = Transaction.builder();
        cluster.events().append(transaction, EventType.CERTIFICATE, Optional.empty(), domain, state.status(domain));
        var unused = cluster.commit(transaction);
    }
}
