package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.resource.Resource;
import dev.flynn.api.route.Route;
import dev.flynn.controller.ControllerTables.AppDeletionRequest;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import dev.flynn.state.route.RouteCatalog;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes apps that are to be deleted (contract: controller, App deletion). What is outside the store is deleted first, each
 * step repeatable; then one transaction removes the app with its routes, formations and resources.
 */
final class AppDeletions {

    private static final Logger log = LoggerFactory.getLogger(AppDeletions.class);

    private static final String BLOBSTORE = "http://blobstore.discoverd";

    private final ClusterState state;
    private final ControllerTables tables;
    private final RouteCatalog routes;
    private final ResourceDeletion resources;
    private final ReleaseCollector collector;
    private final ClusterHttp http;
    private final String key;

    /** @param key opens the blobstore */
    AppDeletions(
            ClusterState state,
            ControllerTables tables,
            ReleaseCollector collector,
            ResourceProviders providers,
            ClusterHttp http,
            String key) {
        this.state = state;
        this.tables = tables;
        this.routes = new RouteCatalog(state);
        this.resources = new ResourceDeletion(state, providers);
        this.collector = collector;
        this.http = http;
        this.key = key;
    }

    WakeLoop loop() {
        return new WakeLoop(
                "app-deletion", state.store(), state.clock(), List.of(ControllerTables.DELETIONS), this::look);
    }

    /** Deletes what is due. */
    Instant look() {
        Instant next = Instant.MAX;
        for (Versioned<AppDeletionRequest> request : tables.deletions().list()) {
            Instant due = request.value().notBefore();
            if (!due.isAfter(state.clock().instant())) {
                due = attempt(request);
            }
            next = due.isBefore(next) ? due : next;
        }
        return next;
    }

    private Instant attempt(Versioned<AppDeletionRequest> request) {
        AppId app = request.value().app();
        try {
            delete(request);
            log.atInfo().addKeyValue("app", app).log("app deleted");
            return Instant.MAX;
        } catch (FlynnException e) {
            log.atWarn().addKeyValue("app", app).setCause(e).log("app deletion failed; it is repeated");
            return postpone(request, e.getMessage());
        }
    }

    private Instant postpone(Versioned<AppDeletionRequest> request, String reason) {
        AppId app = request.value().app();
        int attempts = request.value().attempts() + 1;
        Instant due = state.clock().instant().plusSeconds((long) Math.pow(attempts, 4) + 3);
        Transaction.Builder transaction = Transaction.builder();
        tables.deletions().replace(transaction, request, new AppDeletionRequest(app, attempts, due));
        tell(transaction, app, AppDeletionProgress.failed(app, reason));
        return state.commit(transaction).committed() ? due : state.clock().instant();
    }

    private void delete(Versioned<AppDeletionRequest> request) {
        AppId id = request.value().app();
        List<Resource> deprovisioned = resources.deprovision(id);
        deleteRepository(id);
        while (true) {
            Optional<Versioned<App>> app = state.apps().find(id.toString());
            Transaction.Builder transaction = Transaction.builder();
            tables.deletions().remove(transaction, request);
            app.ifPresent(read -> remove(transaction, read, deprovisioned));
            if (state.commit(transaction).committed() || isTaken(request)) {
                return;
            }
        }
    }

    /** Whether another worker did something about it. */
    private boolean isTaken(Versioned<AppDeletionRequest> request) {
        return tables.deletions()
                .find(request.value().app().toString())
                .map(now -> now.modRevision() != request.modRevision())
                .orElse(true);
    }

    private void remove(Transaction.Builder transaction, Versioned<App> app, List<Resource> deprovisioned) {
        AppId id = app.value().id();
        List<Route> deleted = routes.deleteAll(transaction, id);
        resources.forget(transaction, id);
        for (Versioned<Formation> formation : state.formations().list(id + "/")) {
            state.formations().remove(transaction, formation);
        }
        tables.scaleRequests().list(id + "/").forEach(request -> transaction.delete(request.key()));
        new JobReports(state, tables).forget(transaction, id);
        deleteReleases(transaction, id);
        state.apps().remove(transaction, app);
        transaction.delete(ClusterState.appNameKey(app.value().name()));
        tell(transaction, id, AppDeletionProgress.done(id, deleted, deprovisioned));
    }

    /** Adds: releases that were made for the app go with it; older clients make releases for no app in particular. */
    private void deleteReleases(Transaction.Builder transaction, AppId id) {
        state.releases().list().stream()
                .map(Versioned::value)
                .filter(release -> release.app().equals(Optional.of(id)))
                .filter(release -> tables.releaseDeletions()
                        .find(ClusterState.formationId(id, release.id()))
                        .isEmpty())
                .forEach(release -> collector.want(transaction, id, release.id()));
    }

    /** What git keeps of the app; nothing to do where no blobstore runs. */
    private void deleteRepository(AppId id) {
        for (String path : List.of("/repos/" + id + ".bundle", "/" + id + "-cache.tgz")) {
            URI url = URI.create(BLOBSTORE + path);
            if (!http.isThere(url)) {
                return;
            }
            int status =
                    http.send("DELETE", url, Optional.of(key), Optional.empty()).status();
            if (status != 200 && status != 404) {
                throw FlynnException.unavailable(
                        "the blobstore answered %d to DELETE %s".formatted(status, path), null);
            }
        }
    }

    private void tell(Transaction.Builder transaction, AppId app, AppDeletionProgress progress) {
        state.events().append(transaction, EventType.APP_DELETION, Optional.of(app), app.toString(), progress);
    }
}
