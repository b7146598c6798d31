package dev.flynn.cli;

import dev.flynn.client.ControllerClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Pattern;

/** What git is told of a cluster: its certificate authority, and where its key is to be had (contract: CLI, cluster add). */
final class GitSettings {

    private static final Pattern NEEDS_NO_QUOTES = Pattern.compile("[A-Za-z0-9_./+-]+");

    private final Context context;
    private final Git git;

    GitSettings(Context context) {
        this.context = context;
        this.git = context.git();
    }

    /** Asks the cluster for its authority; this is also where a wrong key or pin shows. */
    void add(Cluster cluster) {
        if (!git.isInstalled()) {
            throw new CliException("Executable 'git' was not found. Use --no-git to skip git configuration");
        }
        try (ControllerClient controller = Context.controllerOf(cluster)) {
            add(cluster, controller.caCertificate());
        }
    }

    /** @param authority its certificate, PEM text */
    void add(Cluster cluster, String authority) {
        Path certificate = certificate(cluster);
        Path directory = Objects.requireNonNull(certificate.getParent());
        try {
            Files.createDirectories(directory);
            Files.writeString(certificate, authority);
        } catch (IOException e) {
            throw new CliException("cannot write " + FileProblem.of(e), e);
        }
        git.setGlobal("http." + cluster.gitUrl() + ".sslCAInfo", certificate.toString());
        String authorities = "http." + cluster.gitUrl() + ".sslCAPath";
        if (cluster.tlsPin().isEmpty()) {
            git.unsetGlobal(authorities);
        } else {
            // no public authority vouches for a pinned cluster, and git would read them all at each push
            git.setGlobal(authorities, directory.toString());
        }
        git.setGlobal(
                "credential." + cluster.gitUrl() + ".helper",
                shellWord(context.environment().program()) + " git-credentials");
    }

    /** Whether git was told of it. */
    boolean has(Cluster cluster) {
        return Files.exists(certificate(cluster));
    }

    void remove(Cluster cluster) {
        git.removeGlobalSection("http." + cluster.gitUrl());
        git.removeGlobalSection("credential." + cluster.gitUrl());
    }

    private Path certificate(Cluster cluster) {
        return context.environment().caCertificate(cluster.name());
    }

    /** Git runs the helper with a shell. */
    private static String shellWord(String path) {
        return NEEDS_NO_QUOTES.matcher(path).matches() ? path : "'" + path.replace("'", "'\\''") + "'";
    }
}
