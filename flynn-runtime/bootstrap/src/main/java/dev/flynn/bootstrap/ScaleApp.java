package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.ReleaseId;

/** {@code scale-app}: sets how many jobs an app's current release has. */
final class ScaleApp implements Action {

    static final String NAME = "scale-app";

    private final Cluster cluster;

    ScaleApp(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        AppParts parts = AppParts.ofStep(step, "app_step", cluster);
        String id = parts.app().id().toString();
        try (Controller controller = cluster.controller().open()) {
            App app = controller.findApp(id).orElseThrow(() -> FlynnException.notFound("app", id));
            ReleaseId release = app.release().orElse(parts.release().id());
            return new AppParts(
                            app,
                            parts.artifact(),
                            parts.release(),
                            controller
                                    .putFormation(id, release, AppParts.counts(step, cluster))
                                    .processes())
                    .toTree(cluster.json());
        }
    }
}
