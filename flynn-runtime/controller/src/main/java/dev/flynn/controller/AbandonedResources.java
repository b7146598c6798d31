package dev.flynn.controller;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.resource.Provider;
import dev.flynn.controller.ControllerTables.PendingResource;
import dev.flynn.spi.resource.ResourceProvider;
import dev.flynn.spi.resource.ResourceProvider.Provisioned;
import dev.flynn.spi.resource.ResourceRequest;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Undoes what a provider was asked for and nobody made a resource of: the controller died in between, or the answer was lost. It
 * asks again with the id of the request, which gives the resource that there is, and deprovisions that.
 */
final class AbandonedResources {

    /** How long a provider may take, after which the request is undone; longer than any answer is waited for. */
    static final Duration PATIENCE = Duration.ofMinutes(5);

    /** With ever longer pauses, a week. */
    static final int MAX_ATTEMPTS = 20;

    private static final Logger log = LoggerFactory.getLogger(AbandonedResources.class);

    private final ClusterState state;
    private final ControllerTables tables;
    private final ResourceProviders providers;

    AbandonedResources(ClusterState state, ControllerTables tables, ResourceProviders providers) {
        this.state = state;
        this.tables = tables;
        this.providers = providers;
    }

    WakeLoop loop() {
        return new WakeLoop(
                "abandoned-resources",
                state.store(),
                state.clock(),
                List.of(ControllerTables.PENDING_RESOURCES),
                this::look);
    }

    /** Undoes what is due. */
    Instant look() {
        Instant next = Instant.MAX;
        for (Versioned<PendingResource> request : tables.pendingResources().list()) {
            Instant due = request.value().notBefore();
            if (!due.isAfter(state.clock().instant())) {
                due = attempt(request);
            }
            next = due.isBefore(next) ? due : next;
        }
        return next;
    }

    private Instant attempt(Versioned<PendingResource> read) {
        int attempts = read.value().attempts() + 1;
        Instant due = state.clock().instant().plus(PATIENCE).plusSeconds((long) Math.pow(attempts, 4));
        PendingResource request = read.value().postponed(attempts, due);
        Transaction.Builder claim = Transaction.builder();
        tables.pendingResources().replace(claim, read, request);
        if (!state.commit(claim).committed()) {
            return state.clock().instant();
        }
        try {
            undo(request);
        } catch (FlynnException e) {
            log.atWarn()
                    .addKeyValue("request", request.id())
                    .addKeyValue("provider", request.provider())
                    .addKeyValue("attempt", attempts)
                    .addKeyValue("reason", e.getMessage())
                    .log("an abandoned resource could not be deprovisioned");
            if (attempts < MAX_ATTEMPTS) {
                return due;
            }
            log.atError()
                    .addKeyValue("request", request.id())
                    .addKeyValue("provider", request.provider())
                    .log("an abandoned resource is given up; look for it at the provider");
        }
        tables.pendingResources()
                .find(request.id().toString())
                .filter(now -> now.value().equals(request))
                .ifPresent(this::forget);
        return Instant.MAX;
    }

    private void undo(PendingResource request) {
        Provider known = state.providers().get(request.provider().toString()).value();
        ResourceProvider provider = providers.of(known);
        if (provider instanceof HttpResourceProvider remote && !remote.heedsRequestIds()) {
            log.atWarn()
                    .addKeyValue("request", request.id())
                    .addKeyValue("provider", known.name())
                    .log("the provider may have a resource that nobody knows; it does not heed ids of requests");
            return;
        }
        asked(provider, request).ifPresent(resource -> {
            provider.deprovision(resource.externalId());
            log.atInfo()
                    .addKeyValue("request", request.id())
                    .addKeyValue("provider", known.name())
                    .addKeyValue("externalId", resource.externalId())
                    .log("an abandoned resource was deprovisioned");
        });
    }

    /** What the request gives; nothing if it is refused. */
    private static Optional<Provisioned> asked(ResourceProvider provider, PendingResource request) {
        try {
            return Optional.of(
                    provider.provision(new ResourceRequest(request.id().toString(), request.config())));
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.VALIDATION) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private void forget(Versioned<PendingResource> read) {
        Transaction.Builder transaction = Transaction.builder();
        tables.pendingResources().remove(transaction, read);
        var unused = state.commit(transaction);
    }
}
