package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.auth.Principal;
import java.util.Optional;
import java.util.Set;

/**
 * What a request needs of its key: a pure function of method and path.
 *
 * @param need what it does
 * @param reach whose objects it is about
 */
record Permission(Need need, Reach reach) {

    private static final String OF_APP = "/apps/{app}";

    /**
     * What is part of a deployment: making a release, moving an app to it, and correcting that; and what was built, which may
     * have secrets in it that nobody finds.
     */
    private static final Set<String> DEPLOYING = Set.of(
            "POST /artifacts",
            "POST /releases",
            "GET " + SlugsEndpoint.SLUG,
            "GET " + ImagesEndpoint.IMAGE,
            "PUT " + ImagesEndpoint.IMAGE,
            "POST /apps/{app}/deploy",
            "POST /apps/{app}/deployments/{deployment}/cancel",
            "POST /apps/{app}/deployments/{deployment}/promote");

    /** About objects of several apps, of which a key sees its own. */
    private static final Set<String> SHOWN_IN_PART = Set.of(
            "GET /apps",
            "GET /releases",
            "GET /releases/{release}",
            "GET /deployments/{deployment}",
            "GET /active-jobs",
            "GET /resources",
            "GET /routes",
            "GET /events",
            "GET /events/{event}",
            "POST /artifacts",
            "POST /releases");

    /** Says nothing that a key for one app must not know. */
    private static final Set<String> FOR_ALL = Set.of(
            "GET /.well-known/status",
            "GET /ca-cert",
            "GET /access",
            "GET /openapi.json",
            "GET /artifacts/{artifact}",
            "GET /providers",
            "GET /providers/{provider}");

    /** About the whole cluster; what it shows has secrets only where {@link Secrets} finds them. */
    private static final Set<String> CLUSTER_WIDE = Set.of(
            "GET /artifacts",
            "GET /providers/{provider}/resources",
            "GET /providers/{provider}/resources/{resource}",
            "GET /volumes");

    private static final Set<String> RULING = Set.of(
            "GET /backup",
            "PUT /domain",
            "GET /formations",
            "POST /apps",
            "POST /providers",
            "POST /providers/{provider}/resources",
            "PUT /providers/{provider}/resources/{resource}",
            "DELETE /providers/{provider}/resources/{resource}",
            "PUT /providers/{provider}/resources/{resource}/apps/{app}",
            "DELETE /providers/{provider}/resources/{resource}/apps/{app}",
            "GET /access-keys",
            "POST /access-keys",
            "DELETE /access-keys/{key}",
            "GET /audit",
            "GET /acme",
            "PUT /acme",
            "DELETE /acme",
            "PUT /volumes",
            "GET /sinks",
            "POST /sinks",
            "GET /sinks/{sink}",
            "DELETE /sinks/{sink}");

    /** What a request does. */
    enum Need {
        LOOK,
        DEPLOY,
        CHANGE,
        /** Something that only {@code admin} may. */
        RULE
    }

    /** Whose objects a request is about. */
    enum Reach {
        /** The app in its path. */
        APP,
        /** Those that its key may see; others are left out. */
        OWN,
        /** Nobody's. */
        ANY,
        /** Everybody's. */
        CLUSTER
    }

    /**
     * What a request of this kind needs; empty for one that nobody has thought about, which is for {@code admin} only.
     *
     * @param template as {@code /apps/{app}/jobs/{job}}
     */
    static Optional<Permission> of(String method, String template) {
        String request = method + " " + template;
        Need need = DEPLOYING.contains(request) ? Need.DEPLOY : method.equals("GET") ? Need.LOOK : Need.CHANGE;
        if (SHOWN_IN_PART.contains(request)) {
            return Optional.of(new Permission(need, Reach.OWN));
        }
        if (template.equals(OF_APP) || template.startsWith(OF_APP + "/")) {
            return Optional.of(new Permission(need, Reach.APP));
        }
        if (FOR_ALL.contains(request)) {
            return Optional.of(new Permission(need, Reach.ANY));
        }
        if (CLUSTER_WIDE.contains(request)) {
            return Optional.of(new Permission(need, Reach.CLUSTER));
        }
        return RULING.contains(request) ? Optional.of(new Permission(Need.RULE, Reach.CLUSTER)) : Optional.empty();
    }

    /**
     * Refuses a key that is not for such requests at all; which app they are about is not looked at.
     *
     * @throws FlynnException {@code FORBIDDEN}
     */
    void require(Principal principal) {
        if (principal.isAdmin()) {
            return;
        }
        switch (need) {
            case LOOK -> {}
            case DEPLOY -> {
                if (principal.isReader()) {
                    throw refused(principal, "may only look; this needs a key with the scope deploy or admin");
                }
            }
            case CHANGE -> {
                if (principal.isReader()) {
                    throw refused(principal, "may only look; this needs a key with the scope admin");
                }
                if (principal.isDeployer()) {
                    throw refused(
                            principal, "may only deploy; this needs a key with the scope admin, or app:<app> alone");
                }
            }
            case RULE -> throw refused(principal, "may not do this; it needs a key with the scope admin");
        }
        if (reach == Reach.CLUSTER && (principal.onlyApp().isPresent() || principal.isDeployer())) {
            throw refused(
                    principal, "may not do this, which is about the whole cluster; it needs the scope admin or read");
        }
    }

    static FlynnException refused(Principal principal, String why) {
        return FlynnException.forbidden("the key %s %s".formatted(principal.name(), why));
    }
}
