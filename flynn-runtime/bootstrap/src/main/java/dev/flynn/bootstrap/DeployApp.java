package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** {@code deploy-app}: creates an app with the controller and deploys a release of it. */
final class DeployApp implements Action {

    static final String NAME = "deploy-app";

    private final Cluster cluster;

    DeployApp(Cluster cluster) {
        this.cluster = cluster;
    }

    @Override
    public JsonNode run(Step step) throws InterruptedException {
        JsonNode prepared = cluster.results()
                .prepare(step.id(), () -> AppParts.of(step, cluster).toTree(cluster.json()));
        try (Controller controller = cluster.controller().open()) {
            AppParts app = new AppRegistration(controller, AppParts.ofTree(prepared, cluster.json())).register();
            if (!app.app().release().equals(Optional.of(app.release().id()))) {
                controller.deploy(app.app().id().toString(), app.release().id());
            }
            return app.toTree(cluster.json());
        }
    }
}
