package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;

/** {@code add-app}: tells the controller of an app that {@code run-app} started, under the same ids. */
final class AddApp implements Action {

    static final String NAME = "add-app";

    private final Cluster cluster;

    AddApp(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        AppParts running = AppParts.ofStep(step, "from_step", cluster);
        var wanted = new AppParts(
                AppParts.withSettings(running.app(), step.member("app")),
                running.artifact(),
                running.release(),
                running.processes());
        try (Controller controller = cluster.controller().open()) {
            AppParts known = new AppRegistration(controller, wanted).register();
            if (known.app().release().isEmpty()) {
                controller.setRelease(
                        known.app().id().toString(), known.release().id());
            }
            return known.toTree(cluster.json());
        }
    }
}
