package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.controller.ControllerTables.ReleaseDeletionRequest;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes releases that are to be deleted, and then what they alone have in the blobstore. One transaction takes the release
 * away and writes down which files go with it; so whoever comes after a crash knows them still.
 */
final class ReleaseDeletions {

    private static final Logger log = LoggerFactory.getLogger(ReleaseDeletions.class);

    /** Until what stands in the way is looked at again. */
    private static final Duration WAIT = Duration.ofSeconds(1);

    private final ClusterState state;
    private final ControllerTables tables;
    private final FormationWriter formations;
    private final ReleaseFiles files;
    private final ClusterHttp http;
    private final String key;

    /** @param key opens the blobstore */
    ReleaseDeletions(ClusterState state, ControllerTables tables, ClusterHttp http, String key) {
        this.state = state;
        this.tables = tables;
        this.formations = new FormationWriter(state, tables);
        this.files = new ReleaseFiles(state);
        this.http = http;
        this.key = key;
    }

    WakeLoop loop() {
        return new WakeLoop(
                "release-deletion",
                state.store(),
                state.clock(),
                List.of(ControllerTables.RELEASE_DELETIONS),
                this::look);
    }

    /** Deletes what is due. */
    Instant look() {
        Instant next = Instant.MAX;
        for (Versioned<ReleaseDeletionRequest> request :
                tables.releaseDeletions().list()) {
            Instant due = request.value().notBefore();
            if (!due.isAfter(state.clock().instant())) {
                due = attempt(request);
            }
            next = due.isBefore(next) ? due : next;
        }
        return next;
    }

    private Instant attempt(Versioned<ReleaseDeletionRequest> request) {
        try {
            return request.value().files().isEmpty() ? removeRelease(request) : removeFiles(request);
        } catch (FlynnException e) {
            log.atWarn()
                    .addKeyValue("release", request.value().release())
                    .setCause(e)
                    .log("release deletion failed; it is repeated");
            return postpone(request, e.getMessage());
        }
    }

    private Instant postpone(Versioned<ReleaseDeletionRequest> read, String reason) {
        ReleaseDeletionRequest request = read.value();
        int attempts = request.attempts() + 1;
        Instant due = state.clock().instant().plusSeconds((long) Math.pow(attempts, 4) + 3);
        Transaction.Builder transaction = Transaction.builder();
        tables.releaseDeletions().replace(transaction, read, request.postponed(attempts, due));
        tell(transaction, request, ReleaseDeletionProgress.failed(request.app(), request.release(), reason));
        return state.commit(transaction).committed() ? due : state.clock().instant();
    }

    /** Takes away the formation, and when its jobs are down the release: nobody would stop jobs of an unknown release. */
    private Instant removeRelease(Versioned<ReleaseDeletionRequest> read) {
        ReleaseDeletionRequest request = read.value();
        AppId app = request.app();
        String id = ClusterState.formationId(app, request.release());
        Optional<Versioned<App>> owner = state.apps().find(app.toString());
        if (owner.flatMap(known -> known.value().release()).equals(Optional.of(request.release()))) {
            return giveUp(read, "release %s is the app's current one by now".formatted(request.release()));
        }
        Optional<Versioned<Formation>> formation = state.formations().find(id);
        if (state.store().get(ControllerTables.deployingKey(app)).isPresent()
                || (formation.isEmpty() && hasJobs(app, request.release()))) {
            return state.clock().instant().plus(WAIT);
        }
        Transaction.Builder transaction = Transaction.builder();
        transaction.whenAbsent(ControllerTables.deployingKey(app));
        owner.ifPresent(known -> transaction.whenUnchanged(known.key(), known.modRevision()));
        if (formation.isPresent()) {
            formations.delete(transaction, formation.get());
            var unused = state.commit(transaction);
            return state.clock().instant();
        }
        tables.releaseUses().find(id).ifPresent(use -> transaction.delete(use.key()));
        List<AppId> remaining = otherUsers(app, request.release());
        Optional<Versioned<Release>> release =
                state.releases().find(request.release().toString());
        Set<String> alone =
                remaining.isEmpty() ? release.map(r -> files.onlyOf(r.value())).orElse(Set.of()) : Set.of();
        if (remaining.isEmpty()) {
            release.ifPresent(known -> remove(transaction, known));
        }
        tables.releaseDeletions()
                .replace(transaction, read, request.withFiles(List.copyOf(alone), List.copyOf(remaining)));
        var unused = state.commit(transaction);
        return state.clock().instant();
    }

    private boolean hasJobs(AppId app, ReleaseId release) {
        return state.jobs().table().list().stream()
                .map(Versioned::value)
                .anyMatch(job -> job.state().isLive()
                        && job.type().isPresent()
                        && job.app().equals(Optional.of(app))
                        && job.release().equals(Optional.of(release)));
    }

    private void remove(Transaction.Builder transaction, Versioned<Release> release) {
        for (Versioned<Artifact> artifact : files.artifactsOnlyOf(release.value())) {
            state.artifacts().remove(transaction, artifact);
            transaction.delete(ControllerTables.artifactKey(
                    artifact.value().type(), artifact.value().uri()));
        }
        state.releases().remove(transaction, release);
    }

    private Instant giveUp(Versioned<ReleaseDeletionRequest> read, String reason) {
        ReleaseDeletionRequest request = read.value();
        Transaction.Builder transaction = Transaction.builder();
        tables.releaseDeletions().remove(transaction, read);
        tell(transaction, request, ReleaseDeletionProgress.failed(request.app(), request.release(), reason));
        var unused = state.commit(transaction);
        return Instant.MAX;
    }

    private Instant removeFiles(Versioned<ReleaseDeletionRequest> read) {
        ReleaseDeletionRequest request = read.value();
        List<String> urls = request.files().orElseThrow();
        for (String url : urls) {
            URI blob = URI.create(url);
            int status = http.send("DELETE", blob, Optional.of(key), Optional.empty())
                    .status();
            if (status != 200 && status != 404) {
                throw FlynnException.unavailable("the blobstore answered %d to DELETE %s".formatted(status, url), null);
            }
        }
        Transaction.Builder transaction = Transaction.builder();
        tables.releaseDeletions().remove(transaction, read);
        tell(
                transaction,
                request,
                ReleaseDeletionProgress.done(request.app(), request.release(), request.remainingApps(), urls));
        if (state.commit(transaction).committed()) {
            log.atInfo()
                    .addKeyValue("app", request.app())
                    .addKeyValue("release", request.release())
                    .addKeyValue("files", urls.size())
                    .log("release deleted");
        }
        return Instant.MAX;
    }

    /** Apps that are on the release, or want jobs of it. */
    private List<AppId> otherUsers(AppId app, ReleaseId release) {
        Set<String> users = new TreeSet<>();
        state.apps().list().stream()
                .map(Versioned::value)
                .filter(other -> other.release().equals(Optional.of(release)))
                .forEach(other -> users.add(other.id().toString()));
        state.formations().list().stream()
                .map(Versioned::value)
                .filter(formation -> formation.release().equals(release) && formation.total() > 0)
                .map(Formation::app)
                .forEach(other -> users.add(other.toString()));
        users.remove(app.toString());
        return users.stream().map(AppId::of).toList();
    }

    private void tell(
            Transaction.Builder transaction, ReleaseDeletionRequest request, ReleaseDeletionProgress progress) {
        state.events()
                .append(
                        transaction,
                        EventType.RELEASE_DELETION,
                        Optional.of(request.app()),
                        request.release().toString(),
                        progress);
    }
}
