package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.access.AccessKey;
import dev.flynn.api.app.App;
import dev.flynn.api.app.ExpandedFormation;
import dev.flynn.api.app.Formation;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.event.Event;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.Ids;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.api.resource.Resource;
import dev.flynn.api.route.Route;
import dev.flynn.controller.ReleaseCatalog;
import dev.flynn.spi.auth.Principal;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Which objects a key that is not {@code admin} may have to do with: those of its app, or of all apps that are not part of
 * the platform. A way from one of these to others is closed here, too: releases of others, programs inside flynn-host,
 * services of others.
 */
final class Confines {

    private static final String PARENT = "controller/apps/";

    private final ClusterState state;
    private final ReleaseCatalog releases;

    Confines(ClusterState state, ReleaseCatalog releases) {
        this.state = state;
        this.releases = releases;
    }

    /**
     * Refuses a path that names an app, or an object, that the key is not for. Whether it exists makes no difference.
     *
     * @throws FlynnException {@code FORBIDDEN}
     */
    void requirePath(Principal principal, PathTable.Found request) {
        if (principal.isAdmin()) {
            return;
        }
        String named = request.variables().get("app");
        if (named == null) {
            return;
        }
        Optional<App> app = state.findApp(named).map(Versioned::value);
        if (app.isEmpty() && principal.onlyApp().isEmpty()) {
            return;
        }
        if (app.isEmpty() || !mayUse(principal, app.get())) {
            throw notFor(principal, named);
        }
        if (principal.isReader()) {
            return;
        }
        AppId id = app.get().id();
        String release = request.variables().get("release");
        if (release != null) {
            requireRelease(principal, release);
        }
        String job = request.variables().get("job");
        if (job != null && !ownsJob(id, job)) {
            throw Permission.refused(principal, "may not have to do with jobs of other apps");
        }
    }

    private boolean ownsJob(AppId app, String job) {
        return state.jobs()
                .find(new JobId(job))
                .map(record -> record.app().equals(Optional.of(app)))
                .orElse(true);
    }

    private boolean mayUse(Principal principal, App app) {
        if (principal.onlyApp().isPresent() && !principal.onlyApp().get().equals(app.id())) {
            return false;
        }
        return principal.isReader() || !app.isSystemApp();
    }

    private static FlynnException notFor(Principal principal, String app) {
        return principal.onlyApp().isPresent()
                ? Permission.refused(
                        principal, "is for one app, and \"%s\" is not that one; this needs another key".formatted(app))
                : Permission.refused(
                        principal,
                        "is not for \"%s\", a part of the platform; this needs the scope admin".formatted(app));
    }

    /**
     * Refuses a body that names what the key is not for. What is not well-formed is left to whoever reads it.
     *
     * @throws FlynnException {@code FORBIDDEN}
     */
    void requireBody(Principal principal, PathTable.Found request, JsonNode body) {
        if (principal.isAdmin() || !body.isObject()) {
            return;
        }
        switch (request.template()) {
            case "/artifacts" ->
                requireArtifactType(principal, body.path("type").asText());
            case "/releases" -> requireNewRelease(principal, body);
            case "/apps/{app}", "/apps/{app}/meta" -> {
                if (body.path("meta").path(App.SYSTEM_APP).asText().equals("true")) {
                    throw Permission.refused(principal, "may not make an app a part of the platform");
                }
            }
            case "/apps/{app}/release", "/apps/{app}/deploy" ->
                requireRelease(principal, body.path("id").asText());
            case "/apps/{app}/jobs" -> {
                requireRelease(principal, body.path("release").asText());
                requireArtifacts(principal, body);
                if (body.path("partition").asText().equals("system")) {
                    throw Permission.refused(principal, "may not run jobs as those of the platform");
                }
            }
            default -> {
                if (request.template().startsWith("/apps/{app}/routes")) {
                    requireServices(principal, Set.of(body.path("service").asText()));
                }
            }
        }
    }

    private void requireNewRelease(Principal principal, JsonNode body) {
        requireArtifacts(principal, body);
        String app = body.path("app_id").asText();
        if (Ids.isId(app)) {
            Optional<App> owner = state.apps().find(AppId.of(app).toString()).map(Versioned::value);
            boolean own = owner.map(found -> mayUse(principal, found))
                    .orElse(principal.onlyApp().isEmpty());
            if (!own) {
                throw notFor(principal, app);
            }
        }
        Set<String> services = new HashSet<>();
        for (JsonNode type : body.path("processes")) {
            if (type.path("host_network").asBoolean()) {
                throw Permission.refused(principal, "may not run jobs in the network of their host");
            }
            services.add(type.path("service").asText());
            type.path("ports")
                    .forEach(port ->
                            services.add(port.path("service").path("name").asText()));
        }
        requireServices(principal, services);
    }

    private void requireArtifacts(Principal principal, JsonNode body) {
        List<String> ids = new ArrayList<>(List.of(body.path("artifact").asText()));
        body.path("artifacts").forEach(id -> ids.add(id.asText()));
        for (String id : ids) {
            if (Ids.isId(id)) {
                state.artifacts()
                        .find(ArtifactId.of(id).toString())
                        .ifPresent(artifact ->
                                requireArtifactType(principal, artifact.value().type()));
            }
        }
    }

    private static void requireArtifactType(Principal principal, String type) {
        if (type.equals(Artifact.BUILTIN)) {
            throw Permission.refused(principal, "may not run programs inside flynn-host");
        }
    }

    /** One that others use would send them to the jobs of this app, or this app's visitors to theirs. */
    private void requireServices(Principal principal, Set<String> services) {
        for (Versioned<App> each : state.apps().list()) {
            App app = each.value();
            Set<String> taken = mayUse(principal, app) ? Set.of() : servicesOf(app);
            for (String service : services) {
                if (taken.contains(service)) {
                    throw Permission.refused(
                            principal,
                            "may not use the service \"%s\", which belongs to another app".formatted(service));
                }
            }
        }
    }

    private Set<String> servicesOf(App app) {
        Set<String> services = new HashSet<>(Set.of(app.name(), app.name() + "-web"));
        Optional<Release> release = app.release()
                .flatMap(id -> state.releases().find(id.toString()))
                .map(Versioned::value);
        for (ProcessType type : release.map(Release::processes).orElse(Map.of()).values()) {
            type.service().ifPresent(services::add);
            type.ports().forEach(port -> port.service().ifPresent(service -> services.add(service.name())));
        }
        return services;
    }

    private void requireRelease(Principal principal, String id) {
        if (!Ids.isId(id)) {
            return;
        }
        Set<AppId> owners = releases.owners().getOrDefault(ReleaseId.of(id), Set.of());
        boolean own = principal.onlyApp().isPresent()
                ? owners.isEmpty() || owners.contains(principal.onlyApp().get())
                : owners.stream().noneMatch(this::isSystemApp);
        if (!own) {
            throw Permission.refused(principal, "may not have to do with releases of other apps");
        }
    }

    private boolean isSystemApp(AppId id) {
        return state.apps()
                .find(id.toString())
                .map(app -> app.value().isSystemApp())
                .orElse(false);
    }

    /** What of an object, or of a list of them, the key may see; empty for an object that it may not. */
    Optional<Object> shown(Principal principal, Object value) {
        if (principal.isAdmin() || principal.isReader() && principal.onlyApp().isEmpty()) {
            return Optional.of(value);
        }
        Map<ReleaseId, Set<AppId>> owners = mayHoldReleases(value) ? releases.owners() : Map.of();
        if (value instanceof Collection<?> values) {
            return Optional.of(values.stream()
                    .filter(each -> shows(principal, each, owners))
                    .toList());
        }
        return shows(principal, value, owners) ? Optional.of(value) : Optional.empty();
    }

    private static boolean mayHoldReleases(Object value) {
        return value instanceof Release
                || value instanceof Collection<?> values && values.stream().anyMatch(Release.class::isInstance);
    }

    /** Whether the key may see an event. */
    boolean shows(Principal principal, Event event) {
        return principal.isAdmin()
                || principal.isReader() && principal.onlyApp().isEmpty()
                || shows(principal, event, Map.of());
    }

    private boolean shows(Principal principal, Object value, Map<ReleaseId, Set<AppId>> owners) {
        Optional<Collection<AppId>> apps = appsOf(value, owners);
        if (apps.isEmpty()) {
            return true;
        }
        if (principal.onlyApp().isPresent()) {
            return apps.get().contains(principal.onlyApp().get());
        }
        return !apps.get().isEmpty() && apps.get().stream().noneMatch(this::isSystemApp);
    }

    /** The apps that an object belongs to; empty for what belongs to apps in no way. */
    private static Optional<Collection<AppId>> appsOf(Object value, Map<ReleaseId, Set<AppId>> owners) {
        if (value instanceof App app) {
            return Optional.of(Set.of(app.id()));
        }
        if (value instanceof Release release) {
            return Optional.of(owners.getOrDefault(release.id(), Set.of()));
        }
        if (value instanceof Formation formation) {
            return Optional.of(Set.of(formation.app()));
        }
        if (value instanceof ExpandedFormation formation) {
            return Optional.of(formation.app().map(App::id).map(Set::of).orElse(Set.of()));
        }
        if (value instanceof Job job) {
            return Optional.of(Set.of(job.app()));
        }
        if (value instanceof Deployment deployment) {
            return Optional.of(Set.of(deployment.app()));
        }
        if (value instanceof Event event) {
            return Optional.of(event.app().map(Set::of).orElse(Set.of()));
        }
        if (value instanceof Resource resource) {
            return Optional.of(resource.apps());
        }
        if (value instanceof Route route) {
            String owner = route.parentRef().replace(PARENT, "");
            return Optional.of(Ids.isId(owner) ? Set.of(AppId.of(owner)) : Set.of());
        }
        return value instanceof AccessKey ? Optional.of(Set.of()) : Optional.empty();
    }
}
