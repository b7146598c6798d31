package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.controller.ControllerTables.ReleaseDeletionRequest;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Says which releases of an app are to be deleted; {@link ReleaseDeletions} does it. */
public final class ReleaseCollector {

    /** Metadata of an app: how many releases that were built here, and do not run, it keeps. */
    public static final String MAX_INACTIVE = "gc.max_inactive_slug_releases";

    private static final int DEFAULT_MAX_INACTIVE = 10;

    private final ClusterState state;
    private final ControllerTables tables;
    private final ReleaseUses uses;
    private final ReleaseFiles files;

    ReleaseCollector(ClusterState state, ControllerTables tables) {
        this.state = state;
        this.tables = tables;
        this.uses = new ReleaseUses(tables);
        this.files = new ReleaseFiles(state);
    }

    /**
     * Makes the release's deletion wanted.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if the app has nothing to do with it; {@code VALIDATION} for what the app is on or being moved to
     */
    public void delete(App app, String releaseId) {
        Release release = ReleaseCatalog.of(state, uses, app).stream()
                .filter(known -> known.id().toString().equals(releaseId))
                .findFirst()
                .orElseThrow(() -> FlynnException.notFound("release of app " + app.name(), releaseId));
        if (app.release().equals(Optional.of(release.id()))) {
            throw FlynnException.invalid("cannot delete current app release");
        }
        if (DeploymentUnderWay.releases(state, app.id()).contains(release.id())) {
            throw FlynnException.invalid(
                    "release %s is being deployed; delete it when that is over".formatted(release.id()));
        }
        Transaction.Builder transaction = Transaction.builder();
        want(transaction, app.id(), release.id());
        // refused means that it was wanted already
        var unused = state.commit(transaction);
    }

    /** Adds: this release is to be deleted. */
    void want(Transaction.Builder transaction, AppId app, ReleaseId release) {
        tables.releaseDeletions()
                .create(
                        transaction,
                        ClusterState.formationId(app, release),
                        new ReleaseDeletionRequest(
                                app,
                                release,
                                Optional.empty(),
                                List.of(),
                                0,
                                state.clock().instant()));
    }

    /** Makes the deletion wanted of releases that were built here, do not run, and are not among the newest of those. */
    public List<ReleaseId> collect(Versioned<App> app) {
        return collect(app, true);
    }

    /** As {@link #collect(Versioned)}; if there are none, nothing is told. */
    List<ReleaseId> collectIfAny(Versioned<App> app) {
        return collect(app, false);
    }

    private List<ReleaseId> collect(Versioned<App> app, boolean alwaysTell) {
        AppId id = app.value().id();
        while (true) {
            List<ReleaseId> old = old(app.value());
            if (old.isEmpty() && !alwaysTell) {
                return old;
            }
            Transaction.Builder transaction = Transaction.builder();
            old.forEach(release -> want(transaction, id, release));
            state.events()
                    .append(
                            transaction,
                            EventType.APP_GARBAGE_COLLECTION,
                            Optional.of(id),
                            id.toString(),
                            GarbageCollection.of(id, old));
            if (state.commit(transaction).committed()) {
                return old;
            }
        }
    }

    private List<ReleaseId> old(App app) {
        Set<ReleaseId> active = active(app);
        return ReleaseCatalog.of(state, uses, app).stream()
                .filter(release -> !active.contains(release.id()) && files.isBuilt(release))
                .map(Release::id)
                .skip(kept(app))
                .filter(release -> tables.releaseDeletions()
                        .find(ClusterState.formationId(app.id(), release))
                        .isEmpty())
                .toList();
    }

    private static int kept(App app) {
        String text = app.meta().getOrDefault(MAX_INACTIVE, "");
        try {
            return text.isEmpty() ? DEFAULT_MAX_INACTIVE : Math.max(0, Integer.parseInt(text));
        } catch (NumberFormatException e) {
            throw FlynnException.invalidField(
                    "meta", "has \"%s\" as %s, which is to be a number".formatted(text, MAX_INACTIVE));
        }
    }

    /** What the app is on, is being moved to or from, and what has jobs or wants some. */
    private Set<ReleaseId> active(App app) {
        Set<ReleaseId> active = new HashSet<>(DeploymentUnderWay.releases(state, app.id()));
        app.release().ifPresent(active::add);
        for (Versioned<Formation> formation : state.formations().list(app.id() + "/")) {
            if (formation.value().total() > 0) {
                active.add(formation.value().release());
            }
        }
        state.jobs().table().list().stream()
                .map(Versioned::value)
                .filter(job -> job.state().isLive() && job.app().equals(Optional.of(app.id())))
                .forEach(job -> job.release().ifPresent(active::add));
        return active;
    }
}
