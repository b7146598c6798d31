package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.EventType;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.release.ResourceLimit;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Releases and artifacts. */
public final class ReleaseCatalog {

    private final ClusterState state;
    private final ReleaseUses uses;
    private final DiskReserve disk;

    ReleaseCatalog(ClusterState state, ControllerTables tables, DiskReserve disk) {
        this.state = state;
        this.uses = new ReleaseUses(tables);
        this.disk = disk;
    }

    /** What a client sends to create a release; {@code artifact} is the older form of {@code artifacts}. */
    public record NewRelease(
            String id,
            String appId,
            String artifact,
            List<String> artifacts,
            Map<String, String> env,
            Map<String, String> meta,
            Map<String, ProcessType> processes) {

        /** Of one artifact, for any app, without environment. */
        public static NewRelease of(ArtifactId artifact, Map<String, ProcessType> processes) {
            return new NewRelease("", "", artifact.toString(), List.of(), Map.of(), Map.of(), Map.copyOf(processes));
        }

        public NewRelease withEnv(Map<String, String> value) {
            return new NewRelease(id, appId, artifact, artifacts, Map.copyOf(value), meta, processes);
        }

        public NewRelease withMeta(Map<String, String> value) {
            return new NewRelease(id, appId, artifact, artifacts, env, Map.copyOf(value), processes);
        }
    }

    public record NewArtifact(String id, String type, String uri) {

        /** With an id of its own, unless there is one of this type and URI. */
        public static NewArtifact of(String type, String uri) {
            return new NewArtifact("", type, uri);
        }
    }

    public Release create(NewRelease request) {
        return createWritten(request).value();
    }

    /** As {@link #create}, with its JSON. */
    public Written<Release> createWritten(NewRelease request) {
        disk.require("release");
        Map<String, ProcessType> processes = new HashMap<>();
        request.processes()
                .forEach((type, process) ->
                        processes.put(type, process.withResources(ResourceLimit.withDefaults(process.resources()))));
        var release = new Release(
                request.id().isEmpty() ? ReleaseId.random() : ReleaseId.of(request.id()),
                Optional.of(request.appId()).filter(id -> !id.isEmpty()).map(AppId::of),
                artifactsOf(request),
                request.env(),
                request.meta(),
                processes,
                state.clock().instant());
        Transaction.Builder transaction = Transaction.builder();
        String id = release.id().toString();
        String written = state.releases().createWritten(transaction, id, release);
        state.events().appendJson(transaction, EventType.RELEASE, release.app(), id, written);
        if (!state.commit(transaction).committed()) {
            throw FlynnException.internal("release %s exists already".formatted(release.id()), null);
        }
        return new Written<>(release, written);
    }

    /** The contract wants an unknown artifact answered like a database that cannot answer now. */
    private List<ArtifactId> artifactsOf(NewRelease request) {
        Set<String> given = new LinkedHashSet<>();
        if (!request.artifact().isEmpty()) {
            given.add(request.artifact());
        }
        given.addAll(request.artifacts());
        List<ArtifactId> artifacts = new ArrayList<>();
        for (String text : given) {
            ArtifactId id = ArtifactId.of(text);
            if (state.artifacts().find(id.toString()).isEmpty()) {
                throw FlynnException.unavailable("artifact %s of a new release does not exist".formatted(id), null);
            }
            if (!artifacts.contains(id)) {
                artifacts.add(id);
            }
        }
        return artifacts;
    }

    /** All releases, newest first. */
    public List<Release> list() {
        return Versioned.newestFirst(state.releases().list());
    }

    /** @throws FlynnException {@code OBJECT_NOT_FOUND}, also for what is no id */
    public Release get(String id) {
        return state.releases().get(objectId("release", id)).value();
    }

    /** Releases that the app runs, ran, was deployed with, or that were made for it; newest first. */
    public List<Release> of(App app) {
        return of(state, uses, app);
    }

    static List<Release> of(ClusterState state, ReleaseUses uses, App app) {
        Set<ReleaseId> used = new LinkedHashSet<>();
        app.release().ifPresent(used::add);
        uses.of(app.id()).forEach(use -> used.add(use.release()));
        return state.releases().list().stream()
                .filter(release -> used.contains(release.value().id())
                        || release.value().app().equals(Optional.of(app.id())))
                .sorted(Comparator.comparingLong((Versioned<Release> release) -> release.createRevision())
                        .reversed())
                .map(Versioned::value)
                .toList();
    }

    /** The apps that each release was made for, is used by, or was; releases without any are left out. */
    public Map<ReleaseId, Set<AppId>> owners() {
        Map<ReleaseId, Set<AppId>> owners = new HashMap<>();
        for (Versioned<Release> release : state.releases().list()) {
            release.value()
                    .app()
                    .ifPresent(app -> owners.computeIfAbsent(release.value().id(), id -> new HashSet<>())
                            .add(app));
        }
        uses.all()
                .forEach(use -> owners.computeIfAbsent(use.release(), id -> new HashSet<>())
                        .add(use.app()));
        return owners;
    }

    /** The release that a request names in its body. */
    static Release named(ClusterState state, String id) {
        return Optional.of(id)
                .filter(Ids::isId)
                .flatMap(text -> state.releases().find(ReleaseId.of(text).toString()))
                .map(Versioned::value)
                .orElseThrow(() -> FlynnException.invalid("could not find release with ID " + id));
    }

    /** The same type and URI as an existing artifact gives that one. */
    public Artifact createArtifact(NewArtifact request) {
        if (request.type().isEmpty()) {
            throw required("type");
        }
        if (request.uri().isEmpty()) {
            throw required("uri");
        }
        String key = ControllerTables.artifactKey(request.type(), request.uri());
        while (true) {
            Optional<Artifact> known = findArtifact(request);
            if (known.isPresent()) {
                return known.get();
            }
            var artifact = new Artifact(
                    request.id().isEmpty() ? ArtifactId.random() : ArtifactId.of(request.id()),
                    request.type(),
                    request.uri(),
                    state.clock().instant());
            String id = artifact.id().toString();
            if (state.artifacts().find(id).isPresent()) {
                throw FlynnException.internal("artifact %s exists already".formatted(id), null);
            }
            Transaction.Builder transaction = Transaction.builder();
            transaction.whenAbsent(key).put(key, id);
            state.artifacts().create(transaction, id, artifact);
            state.events().append(transaction, EventType.ARTIFACT, Optional.empty(), id, artifact);
            if (state.commit(transaction).committed()) {
                return artifact;
            }
        }
    }

    private Optional<Artifact> findArtifact(NewArtifact request) {
        return state.artifacts().list().stream()
                .map(Versioned::value)
                .filter(artifact ->
                        artifact.type().equals(request.type()) && artifact.uri().equals(request.uri()))
                .findFirst();
    }

    /** All artifacts, newest first. */
    public List<Artifact> listArtifacts() {
        return Versioned.newestFirst(state.artifacts().list());
    }

    public Artifact getArtifact(String id) {
        return state.artifacts().get(objectId("artifact", id)).value();
    }

    /** An id from a path in its normal form; what is no id names nothing. */
    public static String objectId(String kind, String id) {
        if (!Ids.isId(id)) {
            throw FlynnException.notFound(kind, id);
        }
        return Ids.parse(id).toString();
    }

    public static FlynnException required(String key) {
        return FlynnException.invalid(
                "Required error. The data must be an object with \"%s\" as one of its keys".formatted(key));
    }
}
