package dev.flynn.acme;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.state.acme.CertificateAttempt;
import dev.flynn.state.acme.IssuedCertificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.shredzone.acme4j.Login;
import org.shredzone.acme4j.Session;
import org.shredzone.acme4j.exception.AcmeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks for certificates when they are due: looks when something changes or it is time, and if something is to be done takes
 * the lease. Who has none looks again later.
 */
final class Renewer implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Renewer.class);

    /** Domains that are worked on at a time: an authority that is slow with one holds not up all others. */
    private static final int WORKERS = 4;

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final String ACCOUNT_GONE = "accountDoesNotExist";

    private final ClusterState cluster;
    private final AcmeState state;
    private final Supplier<Set<String>> wanted;
    private final Lease lease;
    private final Accounts accounts;
    private final Validations validations;
    private final Issuance issuance;
    private final Patience patience;
    private final Set<String> busy = ConcurrentHashMap.newKeySet();
    private final ExecutorService workers =
            java.util.concurrent.Executors.newFixedThreadPool(WORKERS, new NamedThreads("acme-order"));
    private final WakeLoop loop;

    /** Guarded by {@link #accounts}: one session for all, because it holds the connection and the authority's nonces. */
    private @Nullable Session session;

    private @Nullable AcmeSettings sessionSettings;

    Renewer(
            ClusterState cluster,
            AcmeState state,
            Supplier<Set<String>> wanted,
            Lease lease,
            Accounts accounts,
            Validations validations,
            Issuance issuance,
            Patience patience) {
        this.cluster = cluster;
        this.state = state;
        this.wanted = wanted;
        this.lease = lease;
        this.accounts = accounts;
        this.validations = validations;
        this.issuance = issuance;
        this.patience = patience;
        this.loop = new WakeLoop("acme", cluster.store(), cluster.clock(), List.of(AcmeState.PREFIX), this::look);
    }

    void start() {
        loop.start();
    }

    /** Lets it look at once: other domains are wanted. */
    void wake() {
        loop.wake();
    }

    private Instant look() {
        Optional<AcmeSettings> settings = state.settings();
        if (settings.isEmpty()) {
            releaseIfIdle();
            return Instant.MAX;
        }
        Instant now = cluster.clock().instant();
        Instant next = Instant.MAX;
        List<String> due = new ArrayList<>();
        for (Map.Entry<String, Instant> domain : dueTimes(settings.get()).entrySet()) {
            if (domain.getValue().isAfter(now)) {
                next = domain.getValue().isBefore(next) ? domain.getValue() : next;
            } else if (!busy.contains(domain.getKey())) {
                due.add(domain.getKey());
            }
        }
        if (due.isEmpty() && busy.isEmpty()) {
            lease.release();
            return next;
        }
        if (lease.hold() && tidy()) {
            due.forEach(domain -> begin(domain, settings.get()));
        }
        Instant soon = now.plus(lease.interval());
        return soon.isBefore(next) ? soon : next;
    }

    private Map<String, Instant> dueTimes(AcmeSettings settings) {
        Map<String, Instant> times = new TreeMap<>();
        for (String domain : wanted.get()) {
            Optional<IssuedCertificate> issued =
                    state.certificates().find(domain).map(Versioned::value);
            CertificateAttempt attempt =
                    state.attempts().find(domain).map(Versioned::value).orElse(CertificateAttempt.NONE);
            times.put(domain, Schedule.due(issued, attempt, settings.directory()));
        }
        return times;
    }

    /**
     * Forgets what nobody wants any more, and challenges whose asker was killed.
     *
     * @return whether the lease still holds
     */
    private boolean tidy() {
        try {
            forget();
            return true;
        } catch (CancellationException lost) {
            return false;
        }
    }

    private void forget() {
        validations.removeAllBut(busy.stream()
                .map(domain -> domain.startsWith("*.") ? domain.substring(2) : domain)
                .toList());
        Set<String> still = wanted.get();
        for (Versioned<CertificateAttempt> attempt : state.attempts().list()) {
            if (!still.contains(state.attempts().id(attempt.key()))) {
                lease.commit(Transaction.builder().delete(attempt.key()));
            }
        }
        Instant now = cluster.clock().instant();
        for (Versioned<IssuedCertificate> issued : state.certificates().list()) {
            boolean isOver = issued.value().notAfter().isBefore(now);
            if (isOver && !still.contains(state.certificates().id(issued.key()))) {
                lease.commit(Transaction.builder().delete(issued.key()));
            }
        }
    }

    private void releaseIfIdle() {
        if (busy.isEmpty()) {
            lease.release();
        }
    }

    private void begin(String domain, AcmeSettings settings) {
        busy.add(domain);
        workers.execute(() -> {
            try {
                work(domain, settings);
            } finally {
                busy.remove(domain);
                loop.wake();
            }
        });
    }

    private void work(String domain, AcmeSettings settings) {
        try {
            tryToIssue(domain, settings);
        } catch (CancellationException | FlynnException otherwise) {
            log.atWarn()
                    .addKeyValue("domain", domain)
                    .addKeyValue("reason", otherwise.getMessage())
                    .log("getting a certificate was interrupted; whoever has the lease goes on with it");
        } catch (RuntimeException e) {
            log.atError().addKeyValue("domain", domain).setCause(e).log("getting a certificate failed by a defect");
        }
    }

    private void tryToIssue(String domain, AcmeSettings settings) {
        try {
            issuance.issue(domain, login(settings), settings);
        } catch (AcmeException failure) {
            if (Problems.is(failure, ACCOUNT_GONE)) {
                synchronized (accounts) {
                    accounts.forget(settings);
                }
            }
            issuance.failed(domain, failure);
        } catch (CancellationException interrupted) {
            throw interrupted;
        } catch (RuntimeException failure) {
            if (failure instanceof FlynnException lost && lost.code() == ErrorCode.SERVICE_UNAVAILABLE) {
                throw failure;
            }
            issuance.failed(domain, new AcmeException(String.valueOf(failure.getMessage()), failure));
            throw failure;
        }
    }

    private Login login(AcmeSettings settings) throws AcmeException {
        synchronized (accounts) {
            if (session == null || !settings.equals(sessionSettings)) {
                session = Authority.connect(settings);
                sessionSettings = settings;
            }
            return accounts.login(session, settings);
        }
    }

    @Override
    public void close() {
        loop.close();
        patience.close();
        Executors.stop(workers, "acme-order", STOP_PATIENCE);
        try {
            lease.release();
        } catch (RuntimeException e) {
            log.atDebug().setCause(e).log("the lease was not released; another takes it over after a while");
        }
    }
}
