package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.ExpandedFormation;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Release;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/** Formations: how many jobs of each type of each release of each app are wanted. */
public final class FormationCatalog {

    private final ClusterState state;
    private final FormationWriter writer;
    private final ControllerTables tables;
    private final DiskReserve disk;

    FormationCatalog(ClusterState state, ControllerTables tables, DiskReserve disk) {
        this.state = state;
        this.tables = tables;
        this.writer = new FormationWriter(state, tables);
        this.disk = disk;
    }

    /**
     * What a client sends to put a formation.
     *
     * @param processes replaces all counts; absent stops everything
     * @param tags replaces all tags; absent leaves them, because older clients do not know them
     */
    public record NewFormation(
            Optional<Map<String, Integer>> processes, Optional<Map<String, Map<String, String>>> tags) {}

    /**
     * Makes these jobs wanted, and no others of this release of the app.
     *
     * @throws FlynnException {@code VALIDATION} if the release has no such type or cannot run, {@code CONFLICT} while a deployment
     *     moves the app from it or to it
     */
    public Formation put(Versioned<App> app, Release release, NewFormation request) {
        Map<String, Integer> wanted = request.processes().orElse(Map.of());
        requireDeployable(release, wanted);
        AppId appId = app.value().id();
        Versioned<App> read = app;
        while (true) {
            Instant now = state.clock().instant();
            Optional<Versioned<Formation>> known =
                    state.formations().find(ClusterState.formationId(appId, release.id()));
            var formation = new Formation(
                    appId,
                    release.id(),
                    wanted,
                    request.tags()
                            .orElseGet(() ->
                                    known.map(before -> before.value().tags()).orElse(Map.of())),
                    known.map(before -> before.value().createdAt()).orElse(now),
                    now);
            requireAllowed(read.value(), formation);
            if (formation.total() > known.map(before -> before.value().total()).orElse(0)) {
                disk.require("scaling up");
            }
            Transaction.Builder transaction = Transaction.builder();
            transaction.whenUnchanged(read.key(), read.modRevision());
            DeploymentUnderWay.requireNone(state, transaction, appId, release.id());
            writer.put(transaction, known, formation, request.processes());
            if (state.commit(transaction).committed()) {
                return formation;
            }
            read = state.apps().get(appId.toString());
        }
    }

    /**
     * Makes these jobs wanted, and no others of this release of the app.
     *
     * @param processes how many of each type
     * @throws FlynnException {@code OBJECT_NOT_FOUND}, {@code VALIDATION} if the release has no such type, {@code CONFLICT} while a
     *     deployment moves the app from it or to it
     */
    public Formation scale(String app, ReleaseId release, Map<String, Integer> processes) {
        return put(
                state.findApp(app).orElseThrow(() -> FlynnException.notFound("app", app)),
                state.releases().get(release.toString()).value(),
                new NewFormation(Optional.of(processes), Optional.empty()));
    }

    /** @throws FlynnException {@code VALIDATION} unless the release can run and has these types */
    static void requireDeployable(Release release, Map<String, Integer> wanted) {
        if (release.artifact().isEmpty()) {
            throw FlynnException.invalid("release is not deployable");
        }
        TreeSet<String> unknown = new TreeSet<>(wanted.keySet());
        unknown.removeAll(release.processes().keySet());
        if (!unknown.isEmpty()) {
            throw FlynnException.invalid(
                    "Requested formation includes process types that do not exist in release. Invalid process types: ["
                            + String.join(", ", unknown) + "]");
        }
    }

    /** @throws FlynnException {@code VALIDATION} if a protected app would be scaled to nothing */
    static void requireAllowed(App app, Formation formation) {
        if (app.isProtected() && formation.total() == 0 && app.release().equals(Optional.of(formation.release()))) {
            throw FlynnException.invalid("app \"%s\" is protected; set protected to false before scaling it to nothing"
                    .formatted(app.name()));
        }
    }

    public Formation get(AppId app, ReleaseId release) {
        return state.formations().get(ClusterState.formationId(app, release)).value();
    }

    public void delete(AppId app, ReleaseId release) {
        while (true) {
            Versioned<Formation> read = state.formations().get(ClusterState.formationId(app, release));
            Transaction.Builder transaction = Transaction.builder();
            DeploymentUnderWay.requireNone(state, transaction, app, release);
            writer.delete(transaction, read);
            if (state.commit(transaction).committed()) {
                return;
            }
        }
    }

    /** The app's formations, newest first. */
    public List<Formation> of(AppId app) {
        return Versioned.newestFirst(state.formations().list(app + "/"));
    }

    /** Formations that want any job, the latest change first. */
    public List<ExpandedFormation> active() {
        return state.formations().list().stream()
                .map(Versioned::value)
                .filter(formation -> formation.total() > 0)
                .sorted(Comparator.comparing(Formation::updatedAt).reversed())
                .map(this::expand)
                .toList();
    }

    /** What changed since then, deleted ones too, the latest change first. */
    public List<ExpandedFormation> changedSince(Instant since) {
        List<ExpandedFormation> changed = new ArrayList<>();
        state.formations().list().stream()
                .map(Versioned::value)
                .filter(formation -> !formation.updatedAt().isBefore(since))
                .map(this::expand)
                .forEach(changed::add);
        tables.releaseUses().list().stream()
                .map(Versioned::value)
                .filter(use -> use.formationDeletedAt()
                        .filter(when -> !when.isBefore(since))
                        .isPresent())
                .map(use -> expandDeleted(use.app(), use.release(), use.formationDeletedAt()))
                .forEach(changed::add);
        changed.sort(Comparator.comparing(
                        (ExpandedFormation formation) -> formation.updatedAt().orElse(Instant.MIN))
                .reversed());
        return changed;
    }

    public ExpandedFormation expand(Formation formation) {
        Optional<Release> release =
                state.releases().find(formation.release().toString()).map(Versioned::value);
        return new ExpandedFormation(
                state.apps().find(formation.app().toString()).map(Versioned::value),
                release,
                release.flatMap(Release::artifact)
                        .flatMap(id -> state.artifacts().find(id.toString()))
                        .map(Versioned::value),
                formation.processes(),
                formation.tags(),
                Optional.of(formation.updatedAt()));
    }

    /** A formation that is gone: no processes. */
    public ExpandedFormation expandDeleted(AppId app, ReleaseId release, Optional<Instant> when) {
        Instant time = when.orElseGet(() -> state.clock().instant());
        return expand(new Formation(app, release, Map.of(), Map.of(), time, time));
    }
}
