package dev.flynn.it;

import java.nio.file.Path;

/** A cluster that runs, and a user who has added it to the command line. */
interface Cluster extends AutoCloseable {

    String DOMAIN = "flynn.localhost";

    /**
     * Starts a cluster below a directory: of one host, or of as many as the property {@code flynn.hosts} says; the user then
     * speaks with the last of them.
     */
    static Cluster start(Path directory) {
        int hosts = Integer.getInteger("flynn.hosts", 1);
        if (hosts == 1) {
            return OneHost.start(directory);
        }
        ManyHosts many = ManyHosts.start(directory, hosts);
        return many.through(hosts - 1);
    }

    /** Ports of the router that the user speaks with. */
    int httpPort();

    int httpsPort();

    /** The line that adds this cluster to the command line. */
    String addLine();

    Path home();

    /** Adds the cluster to the command line of its user, who is new. */
    default void addUser() {
        user().run(addLine());
        user().run("git config --global user.name Ada && git config --global user.email ada@example.com"
                + " && git config --global init.defaultBranch master");
    }

    default Shell user() {
        return Shell.at(home());
    }

    default String key() {
        String[] words = addLine().split(" ", -1);
        return words[words.length - 1];
    }

    /** The plain URL of an app. */
    default String url(String app) {
        return "http://%s.%s:%d".formatted(app, DOMAIN, httpPort());
    }

    /** The plain URLs of an app, one for each router that has a port of its own. */
    default String[] urls(String app) {
        return new String[] {url(app)};
    }

    default String controllerUrl() {
        return "https://controller.%s:%d".formatted(DOMAIN, httpsPort());
    }

    @Override
    void close();
}
