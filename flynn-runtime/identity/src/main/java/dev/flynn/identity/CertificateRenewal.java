package dev.flynn.identity;

import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Renews this host's certificate, with a new key, when a third of its life is over; tries again every hour until it succeeds.
 * Connections that are open stay.
 */
public final class CertificateRenewal implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(CertificateRenewal.class);

    /** Not at once, because the store may be busy finding its leader; soon, because a host may be restarted often. */
    private static final Duration FIRST = Duration.ofMinutes(1);

    private static final Duration PERIOD = Duration.ofHours(1);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private final HostCredentials credentials;
    private final IdentityFiles files;
    private final ClusterMembers members;
    private final Clock clock;
    private final ScheduledExecutorService timer =
            java.util.concurrent.Executors.newSingleThreadScheduledExecutor(new NamedThreads("certificate-renewal"));

    public CertificateRenewal(HostCredentials credentials, IdentityFiles files, ClusterMembers members, Clock clock) {
        this.credentials = credentials;
        this.files = files;
        this.members = members;
        this.clock = clock;
        var unused =
                timer.scheduleWithFixedDelay(this::tryToRenew, FIRST.toSeconds(), PERIOD.toSeconds(), TimeUnit.SECONDS);
    }

    private void tryToRenew() {
        try {
            renewIfDue();
        } catch (RuntimeException e) {
            log.atWarn()
                    .addKeyValue("expires", credentials.identity().expiresAt())
                    .setCause(e)
                    .log("cannot renew this host's certificate; trying again in an hour");
        }
    }

    /** Renews now, if it is time to; tells whether it did. */
    public boolean renewIfDue() {
        HostIdentity old = credentials.identity();
        if (clock.instant().isBefore(old.renewAfter())) {
            return false;
        }
        KeyPair key = Certificates.newKey();
        X509Certificate certificate = members.renew(old.hostId(), Certificates.request(key, old.hostId()));
        var renewed = new HostIdentity(old.name(), key.getPrivate(), certificate, old.authority());
        files.save(renewed);
        credentials.renew(renewed);
        log.atInfo().addKeyValue("expires", renewed.expiresAt()).log("this host's certificate was renewed");
        return true;
    }

    @Override
    public void close() {
        Executors.stop(timer, "certificate-renewal", PATIENCE);
    }
}
