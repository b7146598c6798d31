package dev.flynn.acme;

import dev.flynn.state.acme.CertificateAttempt;
import dev.flynn.state.acme.IssuedCertificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * When to ask for a certificate. Pure functions.
 *
 * @param firstDelay after the first failure; doubled with each further one
 */
record Schedule(Duration firstDelay, Duration longestDelay) {

    /** Four attempts in the first hour: authorities refuse more than five failures of a name in an hour. */
    static final Schedule DEFAULT = new Schedule(Duration.ofMinutes(5), Duration.ofHours(12));

    /** By how much of its length a delay differs at most, so that not everybody comes at the same time. */
    private static final double JITTER = 0.1;

    private static final double RENEWAL = 2.0 / 3;
    private static final double RENEWAL_JITTER = 0.05;
    private static final int MOST_DOUBLINGS = 20;

    /**
     * When the next attempt is due.
     *
     * @param directory of the authority that is asked now; a certificate of another one is replaced
     */
    static Instant due(Optional<IssuedCertificate> issued, CertificateAttempt attempt, String directory) {
        Instant wanted = issued.filter(certificate -> certificate.directory().equals(directory))
                .map(IssuedCertificate::renewAt)
                .orElse(Instant.EPOCH);
        return attempt.notBefore().filter(wanted::isBefore).orElse(wanted);
    }

    /** Two thirds into the lifetime, or a little before. */
    static Instant renewal(Instant notBefore, Instant notAfter, RandomGenerator random) {
        double share = RENEWAL - random.nextDouble() * RENEWAL_JITTER;
        return notBefore.plusMillis(
                (long) (Duration.between(notBefore, notAfter).toMillis() * share));
    }

    /** @param failures this one included */
    Duration delay(int failures, RandomGenerator random) {
        Duration doubled = firstDelay.multipliedBy(1L << Math.min(failures - 1, MOST_DOUBLINGS));
        Duration delay = doubled.compareTo(longestDelay) > 0 ? longestDelay : doubled;
        return delay.plusMillis((long) (delay.toMillis() * JITTER * random.nextDouble()));
    }
}
