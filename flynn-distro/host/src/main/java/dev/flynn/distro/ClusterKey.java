package dev.flynn.distro;

import dev.flynn.api.release.Release;
import dev.flynn.state.ClusterState;

/** The key that the platform's own services ask each other for: the first that the controller takes. */
final class ClusterKey {

    private ClusterKey() {}

    /** The key of the cluster; empty before it was bootstrapped. */
    static String read(ClusterState state) {
        return state.findApp("controller")
                .flatMap(app -> app.value().release())
                .flatMap(release -> state.releases().find(release.toString()))
                .map(release -> firstKey(release.value()))
                .orElse("");
    }

    private static String firstKey(Release controller) {
        return controller.env().getOrDefault("AUTH_KEY", "").split(",", 2)[0];
    }
}
