package dev.flynn.acme;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.certificate.AcmeValidation;
import dev.flynn.spi.dns.DnsChallengeProvider;
import dev.flynn.spi.router.AcmeChallenge;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.Versioned;
import dev.flynn.state.acme.AcmeState;
import dev.flynn.state.acme.PostedChallenge;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import org.shredzone.acme4j.Authorization;
import org.shredzone.acme4j.Status;
import org.shredzone.acme4j.challenge.Challenge;
import org.shredzone.acme4j.challenge.Dns01Challenge;
import org.shredzone.acme4j.challenge.Http01Challenge;
import org.shredzone.acme4j.challenge.TlsAlpn01Challenge;
import org.shredzone.acme4j.challenge.TokenChallenge;
import org.shredzone.acme4j.exception.AcmeException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Shows an authority that the cluster has a domain: by its routers, or by the DNS. Thread-safe. */
final class Validations {

    private static final Logger log = LoggerFactory.getLogger(Validations.class);

    private final AcmeState state;
    private final Lease lease;
    private final Patience patience;
    private final Map<String, DnsChallengeProvider> dnsProviders;

    Validations(AcmeState state, Lease lease, Patience patience, Map<String, DnsChallengeProvider> dnsProviders) {
        this.state = state;
        this.lease = lease;
        this.patience = patience;
        this.dnsProviders = Map.copyOf(dnsProviders);
    }

    /**
     * Returns when the authority is content.
     *
     * @param failures of attempts before, so that each tries another way
     * @throws AcmeException with what it says, if it is not
     */
    void validate(Authorization authorization, AcmeSettings settings, int failures) throws AcmeException {
        Status status = authorization.getStatus();
        if (status == Status.VALID) {
            return;
        }
        if (status == Status.PENDING) {
            Challenge challenge = choose(authorization, settings, failures);
            if (challenge instanceof Dns01Challenge dns) {
                validateByDns(authorization, dns, dnsProvider(settings));
            } else {
                validateByRouters(authorization, (TokenChallenge) challenge);
            }
        }
        if (patience.until(Validations::isDecided, authorization) != Status.VALID) {
            throw new AcmeException(refusal(authorization));
        }
    }

    private static boolean isDecided(Status status) {
        return status != Status.PENDING && status != Status.PROCESSING;
    }

    // ---- choosing

    private static Challenge choose(Authorization authorization, AcmeSettings settings, int failures)
            throws AcmeException {
        List<AcmeValidation> wanted = waysFor(authorization.isWildcard(), settings, failures);
        for (AcmeValidation validation : wanted) {
            Optional<? extends Challenge> offered = authorization.findChallenge(typeOf(validation));
            if (offered.isPresent()) {
                return offered.get();
            }
        }
        throw new AcmeException("the authority offers %s for this domain, and the cluster can do %s"
                .formatted(
                        authorization.getChallenges().stream()
                                .map(Challenge::getType)
                                .toList(),
                        wanted.stream().map(AcmeValidation::wireName).toList()));
    }

    /** In order of preference; without a wish, each attempt begins with the next one. */
    static List<AcmeValidation> waysFor(boolean wildcard, AcmeSettings settings, int failures) throws AcmeException {
        if (wildcard && settings.dnsProvider().isEmpty()) {
            throw new AcmeException(
                    "a wildcard is validated by the DNS only: name what sets its records with --dns-provider");
        }
        if (wildcard) {
            return List.of(AcmeValidation.DNS_01);
        }
        if (settings.validation().isPresent()) {
            return List.of(settings.validation().get());
        }
        List<AcmeValidation> ways = new ArrayList<>(List.of(AcmeValidation.HTTP_01, AcmeValidation.TLS_ALPN_01));
        if (settings.dnsProvider().isPresent()) {
            ways.add(AcmeValidation.DNS_01);
        }
        Collections.rotate(ways, -failures);
        return ways;
    }

    private static Class<? extends Challenge> typeOf(AcmeValidation validation) {
        return switch (validation) {
            case HTTP_01 -> Http01Challenge.class;
            case TLS_ALPN_01 -> TlsAlpn01Challenge.class;
            case DNS_01 -> Dns01Challenge.class;
        };
    }

    private DnsChallengeProvider dnsProvider(AcmeSettings settings) throws AcmeException {
        String name = settings.dnsProvider().orElse("");
        DnsChallengeProvider provider = dnsProviders.get(name);
        if (provider == null) {
            throw new AcmeException(
                    "this router has no DNS provider \"%s\"; it has %s".formatted(name, dnsProviders.keySet()));
        }
        return provider;
    }

    // ---- showing

    private void validateByRouters(Authorization authorization, TokenChallenge challenge) throws AcmeException {
        AcmeChallenge.Kind kind =
                challenge instanceof Http01Challenge ? AcmeChallenge.Kind.HTTP_01 : AcmeChallenge.Kind.TLS_ALPN_01;
        String authorized = challenge.getAuthorization();
        var posted = PostedChallenge.of(new AcmeChallenge(
                kind,
                authorization.getIdentifier().getDomain(),
                authorized.substring(0, authorized.indexOf('.')),
                authorized));
        post(posted);
        try {
            patience.settle();
            await(authorization, challenge);
        } finally {
            remove(posted);
        }
    }

    private void validateByDns(Authorization authorization, Dns01Challenge challenge, DnsChallengeProvider provider)
            throws AcmeException {
        String name = challenge.getRRName(authorization.getIdentifier());
        try {
            provider.present(name, challenge.getDigest());
        } catch (RuntimeException e) {
            throw new AcmeException("the TXT record %s cannot be set: %s".formatted(name, e.getMessage()));
        }
        try {
            await(authorization, challenge);
        } finally {
            cleanUp(provider, name, challenge.getDigest());
        }
    }

    /** A challenge that was taken up before somebody was killed goes on by itself. */
    private void await(Authorization authorization, Challenge challenge) throws AcmeException {
        if (challenge.getStatus() == Status.PENDING) {
            challenge.trigger();
        }
        var unused = patience.until(Validations::isDecided, authorization);
    }

    private void post(PostedChallenge posted) {
        Transaction.Builder transaction = Transaction.builder();
        state.challenges()
                .find(posted.recordId())
                .ifPresentOrElse(
                        read -> state.challenges().replace(transaction, read, posted),
                        () -> state.challenges().create(transaction, posted.recordId(), posted));
        lease.commit(transaction);
    }

    private void remove(PostedChallenge posted) {
        try {
            lease.commit(Transaction.builder().delete(state.challenges().key(posted.recordId())));
        } catch (CancellationException lost) {
            log.atDebug().addKeyValue("domain", posted.domain()).log("whoever gets certificates now tidies up");
        }
    }

    private static void cleanUp(DnsChallengeProvider provider, String name, String value) {
        try {
            provider.cleanUp(name, value);
        } catch (RuntimeException e) {
            log.atWarn()
                    .addKeyValue("name", name)
                    .setCause(e)
                    .log("a TXT record of a finished validation could not be removed; remove it by hand");
        }
    }

    /** Removes what somebody left who was killed. */
    void removeAllBut(List<String> domains) {
        for (Versioned<PostedChallenge> posted : state.challenges().list()) {
            if (!domains.contains(posted.value().domain())) {
                remove(posted.value());
            }
        }
    }

    private static String refusal(Authorization authorization) {
        return authorization.getChallenges().stream()
                .flatMap(challenge -> challenge.getError().stream()
                        .map(problem -> "%s of %s: %s"
                                .formatted(
                                        challenge.getType(),
                                        authorization.getIdentifier().getDomain(),
                                        Problems.text(problem))))
                .findFirst()
                .orElseGet(() -> "the authority does not accept %s: %s"
                        .formatted(authorization.getIdentifier().getDomain(), authorization.getStatus()));
    }
}
