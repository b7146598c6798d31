package dev.flynn.cli;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Release;
import dev.flynn.client.ControllerClient;
import dev.flynn.json.FlynnJson;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a command works with; nothing is read, asked or connected before it is needed. */
final class Context implements AutoCloseable {

    private final Environment environment;
    private final Console console;
    private final String wantedApp;
    private final String wantedCluster;
    private final Git git;

    private AppChoice.@Nullable Choice choice;
    private @Nullable Cluster cluster;
    private @Nullable ControllerClient controller;

    Context(Environment environment, Console console, String wantedApp, String wantedCluster) {
        this.environment = environment;
        this.console = console;
        this.wantedApp = wantedApp;
        this.wantedCluster = wantedCluster;
        this.git = new Git(environment);
    }

    Environment environment() {
        return environment;
    }

    Console console() {
        return console;
    }

    Git git() {
        return git;
    }

    ClusterFile clusterFile() {
        return new ClusterFile(environment.clusterFile());
    }

    /** The app that the command is about, as the user named it: a name or an id. */
    String app() {
        return choice().app();
    }

    /** The app that the user gave with {@code -a}; a command about the whole cluster does not look for another. */
    Optional<String> givenApp() {
        return wantedApp.isEmpty() ? Optional.empty() : Optional.of(app());
    }

    private AppChoice.Choice choice() {
        if (choice == null) {
            choice = choose().app();
        }
        return choice;
    }

    private AppChoice choose() {
        return new AppChoice(clusterFile().read(), wantedApp, wantedCluster, environment, git);
    }

    /** The cluster that the command is about. */
    Cluster cluster() {
        if (cluster == null) {
            cluster = choice == null ? choose().cluster() : choice.cluster();
        }
        return cluster;
    }

    ControllerClient controller() {
        if (controller == null) {
            controller = controllerOf(cluster());
        }
        return controller;
    }

    /** The app's current release, or empty if it has none yet; an app that does not exist is a failure. */
    Optional<Release> currentRelease() {
        String app = app();
        Optional<Release> release = controller().findAppRelease(app);
        if (release.isEmpty()) {
            controller().app(app);
        }
        return release;
    }

    /** Says of an object that the controller does not have whether it is the app that is missing. */
    String explain(FlynnException missing) {
        String message = missing.getMessage();
        if (choice == null || missing.code() != ErrorCode.OBJECT_NOT_FOUND) {
            return message;
        }
        String app = choice.app();
        return controller().findApp(app).isPresent()
                ? message
                : "%s: cluster \"%s\" has no app \"%s\"; 'flynn apps' lists those that it has"
                        .formatted(message, cluster().name(), app);
    }

    /** Prints data on one line, in the form that the controller's API has for it. */
    void printJson(Object data) {
        console.print(new FlynnJson().write(data));
    }

    /** Tells that something was done: the object that came of it, if the user wants JSON, else a line. */
    void tellDone(Arguments arguments, Object result, String line) {
        if (arguments.has("json")) {
            printJson(result);
        } else {
            console.tell(line);
        }
    }

    static ControllerClient controllerOf(Cluster cluster) {
        return ControllerClient.builder(cluster.controllerUrl())
                .key(cluster.key())
                .tlsPin(cluster.tlsPin())
                .build();
    }

    @Override
    public void close() {
        if (controller != null) {
            controller.close();
        }
    }
}
