package dev.flynn.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Which cluster and app a command is about (contract: CLI, Choosing cluster and app).
 *
 * <p>A git remote of the user's repository may name both, and then decides even for commands that need no app.
 */
final class AppChoice {

    private final ClusterList list;
    private final String wantedApp;
    private final String wantedCluster;
    private final Environment environment;
    private final Git git;

    /**
     * @param wantedApp from the command line, else empty
     * @param wantedCluster from the command line, else empty
     */
    AppChoice(ClusterList list, String wantedApp, String wantedCluster, Environment environment, Git git) {
        this.list = list;
        this.wantedApp = wantedApp;
        this.wantedCluster =
                wantedCluster.isEmpty() ? environment.variable("FLYNN_CLUSTER").orElse("") : wantedCluster;
        this.environment = environment;
        this.git = git;
    }

    /** An app of a cluster. */
    record Choice(Cluster cluster, String app) {}

    /** The cluster of a command that may do without an app. */
    Cluster cluster() {
        // where there is only one to choose, no remote can choose another
        if (candidates().size() > 1) {
            try {
                Optional<Choice> remote = ofRemotes();
                if (remote.isPresent()) {
                    return remote.get().cluster();
                }
            } catch (CliException noApp) {
                // the command does not need one
            }
        }
        return clusterWithoutRemotes();
    }

    /** The app of a command that needs one. */
    Choice app() {
        if (list.clusters().isEmpty()) {
            throw new CliException("no clusters configured");
        }
        return ofRemotes().orElseGet(() -> {
            String app = wantedApp.isEmpty() ? environment.variable("FLYNN_APP").orElse("") : wantedApp;
            return new Choice(clusterWithoutRemotes(), app);
        });
    }

    private Cluster clusterWithoutRemotes() {
        if (list.clusters().isEmpty()) {
            throw new CliException("no clusters configured");
        }
        if (!wantedCluster.isEmpty()) {
            return list.named(wantedCluster).orElseThrow(this::unknownCluster);
        }
        return list.named(list.defaultName()).orElse(list.clusters().get(0));
    }

    private CliException unknownCluster() {
        return new CliException("unknown cluster \"" + wantedCluster + "\"");
    }

    private List<Cluster> candidates() {
        return wantedCluster.isEmpty()
                ? list.clusters()
                : list.named(wantedCluster).map(List::of).orElseThrow(this::unknownCluster);
    }

    /** What git remotes say; empty if the app has been named otherwise. */
    private Optional<Choice> ofRemotes() {
        if (!wantedApp.isEmpty()) {
            return git.remoteUrl(wantedApp).flatMap(this::find);
        }
        if (environment.variable("FLYNN_APP").isPresent()) {
            return Optional.empty();
        }
        Optional<String> configured = git.config("flynn.remote").filter(name -> !name.isEmpty());
        if (configured.isPresent()) {
            return Optional.of(ofConfigured(configured.get()));
        }
        Map<String, String> remotes = git.pushRemotes()
                .orElseThrow(() ->
                        new CliException("no app found, run from a repo with a flynn remote or specify one with -a"));
        return Optional.of(only(remotes));
    }

    private Choice ofConfigured(String remote) {
        String url = git.remoteUrl(remote)
                .orElseThrow(() ->
                        new CliException("could not find git remote " + remote + " in " + environment.directory()));
        return find(url).orElseThrow(() -> new CliException("could not find app name in " + remote + " git remote"));
    }

    private Choice only(Map<String, String> remotes) {
        List<String> names = new ArrayList<>();
        List<Choice> found = new ArrayList<>();
        remotes.forEach((name, url) -> find(url).ifPresent(match -> {
            names.add(name);
            found.add(match);
        }));
        if (found.isEmpty()) {
            throw new CliException("no apps in git remotes");
        }
        if (found.size() > 1) {
            throw new CliException("error: Multiple apps listed in git remotes, please specify one with the global -a"
                    + " option to disambiguate.\n\nAvailable Flynn remotes:\n" + String.join("\n", names));
        }
        return found.get(0);
    }

    private Optional<Choice> find(String url) {
        for (Cluster cluster : candidates()) {
            String app = cluster.appOf(url);
            if (!app.isEmpty()) {
                return Optional.of(new Choice(cluster, app));
            }
        }
        return Optional.empty();
    }
}
