package dev.flynn.bootstrap;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import java.util.Map;
import java.util.Optional;

/** Makes an app, its artifact, release and formation known to the controller; what is known already stays. */
final class AppRegistration {

    private final Controller controller;
    private final AppParts wanted;

    AppRegistration(Controller controller, AppParts wanted) {
        this.controller = controller;
        this.wanted = wanted;
    }

    /** The app as the controller has it now. */
    AppParts register() {
        App app = controller.findApp(wanted.app().name()).orElseGet(() -> controller.createApp(wanted.app()));
        if (!app.id().equals(wanted.app().id())) {
            throw FlynnException.exists(
                    "bootstrap: an app named \"%s\" exists already, and this bootstrap did not make it; delete it first"
                            .formatted(app.name()));
        }
        Optional<Release> known = controller.findRelease(wanted.release().id());
        Artifact artifact = controller.createArtifact(wanted.artifact());
        Release release = known.orElseGet(
                () -> controller.createRelease(Controller.withArtifact(wanted.release(), artifact.id())));
        String id = app.id().toString();
        Map<String, Integer> processes = controller
                .findFormation(id, release.id())
                .map(Formation::processes)
                .filter(wanted.processes()::equals)
                .orElseGet(() -> controller
                        .putFormation(id, release.id(), wanted.processes())
                        .processes());
        return new AppParts(app, artifact, release, processes);
    }
}
