package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.domain.DomainMigration;
import dev.flynn.api.domain.TlsCertificate;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.release.Release;
import dev.flynn.controller.ControllerTables.DomainMove;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/** The move of the cluster to another domain, as clients ask for it; {@link DomainMover} carries it out. */
public final class DomainMigrations {

    private static final Pattern DOMAIN =
            Pattern.compile("[a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*");

    private final ClusterState state;
    private final ControllerTables tables;
    private final Optional<String> currentDomain;

    DomainMigrations(ClusterState state, ControllerTables tables, Optional<String> currentDomain) {
        this.state = state;
        this.tables = tables;
        this.currentDomain = currentDomain;
    }

    /**
     * Queues the move.
     *
     * @throws FlynnException {@code VALIDATION} if the old domain is not the one in use, or another move is under way
     */
    public DomainMigration create(DomainMigration request) {
        if (!request.oldDomain().equals(currentDomain.orElse(""))) {
            throw FlynnException.invalid("Can't migrate from \"%s\" when currently using \"%s\""
                    .formatted(request.oldDomain(), currentDomain.orElse("")));
        }
        requireUsable(request);
        var migration = new DomainMigration(
                UUID.randomUUID().toString(),
                request.oldDomain(),
                request.domain(),
                certificateOfRouter(),
                request.tlsCert(),
                Optional.of(state.clock().instant()),
                Optional.empty());
        Transaction.Builder transaction = Transaction.builder();
        // one key, so that of two at the same time one is refused
        tables.domainMoves().create(transaction, DomainMove.ID, new DomainMove(migration, Map.of(), 0, Instant.EPOCH));
        tell(state, transaction, new Progress(migration, ""));
        if (!state.commit(transaction).committed()) {
            throw FlynnException.invalid("another domain migration is under way; wait for its event");
        }
        return migration;
    }

    private static void requireUsable(DomainMigration request) {
        if (!DOMAIN.matcher(request.domain()).matches()) {
            throw FlynnException.invalidField(
                    "domain", "must be a domain such as apps.example.com, was \"%s\"".formatted(request.domain()));
        }
        if (request.domain().equals(request.oldDomain())) {
            throw FlynnException.invalidField("domain", "is the old domain");
        }
        request.tlsCert().ifPresent(certificate -> {
            if (certificate.cert().isEmpty() || certificate.key().isEmpty()) {
                throw FlynnException.invalidField("tls_cert", "needs cert and key, in PEM");
            }
        });
    }

    private Optional<TlsCertificate> certificateOfRouter() {
        return state.findApp("router")
                .map(Versioned::value)
                .flatMap(App::release)
                .flatMap(id -> state.releases().find(id.toString()))
                .map(Versioned::value)
                .map(Release::env)
                .filter(env -> env.containsKey("TLSCERT"))
                .map(env ->
                        new TlsCertificate("", env.getOrDefault("TLSCERT", ""), env.getOrDefault("TLSKEY", ""), ""));
    }

    /**
     * The data of a {@code domain_migration} event.
     *
     * @param error why an attempt failed; it is repeated
     */
    record Progress(DomainMigration domainMigration, String error) {}

    /** Adds: clients are told how the move goes, without the keys of the certificates. */
    static void tell(ClusterState state, Transaction.Builder transaction, Progress progress) {
        DomainMigration migration = progress.domainMigration();
        var shown = new DomainMigration(
                migration.id(),
                migration.oldDomain(),
                migration.domain(),
                migration.oldTlsCert().map(DomainMigrations::withoutKey),
                migration.tlsCert().map(DomainMigrations::withoutKey),
                migration.createdAt(),
                migration.finishedAt());
        state.events()
                .append(
                        transaction,
                        EventType.DOMAIN_MIGRATION,
                        Optional.empty(),
                        migration.id(),
                        new Progress(shown, progress.error()));
    }

    private static TlsCertificate withoutKey(TlsCertificate certificate) {
        return new TlsCertificate(certificate.caCert(), certificate.cert(), "", certificate.pin());
    }
}
