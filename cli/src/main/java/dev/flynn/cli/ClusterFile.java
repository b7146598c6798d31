package dev.flynn.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The file that remembers the user's clusters, {@code ~/.flynnrc} (contract: CLI, Cluster file). It holds keys, so
 * nobody else may read it: mode 0600, where the contract's own client leaves it open.
 */
final class ClusterFile {

    private final Path path;

    ClusterFile(Path path) {
        this.path = path;
    }

    /** @throws CliException the file cannot be read or understood; a missing file is no failure */
    ClusterList read() {
        try {
            return parse(Files.readString(path));
        } catch (NoSuchFileException e) {
            return ClusterList.EMPTY;
        } catch (Toml.MalformedException e) {
            throw new CliException(path + ":" + e.line() + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new CliException("cannot read " + FileProblem.of(e), e);
        }
    }

    static ClusterList parse(String text) throws Toml.MalformedException {
        List<Toml.Table> tables = Toml.read(text);
        List<Cluster> clusters = new ArrayList<>();
        for (Toml.Table table : tables) {
            if (table.name().equals("cluster")) {
                clusters.add(cluster(table.values()));
            }
        }
        return new ClusterList(tables.get(0).values().getOrDefault("default", ""), clusters);
    }

    private static Cluster cluster(Map<String, String> values) {
        String olderUrl = values.getOrDefault("url", "");
        return new Cluster(
                values.getOrDefault("name", ""),
                values.getOrDefault("key", ""),
                values.getOrDefault("tlspin", ""),
                values.getOrDefault("controllerurl", olderUrl),
                values.getOrDefault("giturl", ""),
                values.getOrDefault("oauthurl", ""),
                values.getOrDefault("imageurl", ""),
                values.getOrDefault("dockerpushurl", ""));
    }

    static String format(ClusterList list) {
        if (list.clusters().isEmpty()) {
            return "";
        }
        var text = new StringBuilder();
        text.append("default = ").append(Toml.quoted(list.defaultName())).append('\n');
        for (Cluster cluster : list.clusters()) {
            text.append("\n[[cluster]]\n");
            line(text, "Name", cluster.name());
            line(text, "Key", cluster.key());
            optionalLine(text, "TLSPin", cluster.tlsPin());
            line(text, "ControllerURL", cluster.controllerUrl());
            line(text, "GitURL", cluster.gitUrl());
            optionalLine(text, "OAuthURL", cluster.oauthUrl());
            optionalLine(text, "ImageURL", cluster.imageUrl());
            optionalLine(text, "DockerPushURL", cluster.dockerPushUrl());
        }
        return text.append('\n').toString();
    }

    private static void optionalLine(StringBuilder text, String key, String value) {
        if (!value.isEmpty()) {
            line(text, key, value);
        }
    }

    private static void line(StringBuilder text, String key, String value) {
        text.append("  ").append(key).append(" = ").append(Toml.quoted(value)).append('\n');
    }

    /** Writes the whole file; whoever reads meanwhile finds the old one or the new one. */
    void write(ClusterList list) {
        try {
            // a link, as in a repository of dot files, stays a link
            Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
            Path directory = target.resolveSibling("");
            Files.createDirectories(directory);
            // a temporary file is its owner's alone from the beginning
            Path fresh = Files.createTempFile(directory, ".flynnrc", ".new");
            try {
                Files.write(fresh, format(list).getBytes(StandardCharsets.UTF_8), StandardOpenOption.DSYNC);
                Files.move(fresh, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException e) {
            throw new CliException("cannot write " + FileProblem.of(e), e);
        }
    }
}
