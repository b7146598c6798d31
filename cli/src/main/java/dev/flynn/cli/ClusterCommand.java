package dev.flynn.cli;

import dev.flynn.client.ControllerClient;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code flynn cluster}: the clusters that this program knows. */
final class ClusterCommand implements Command {

    private static final Pattern NEEDS_NO_QUOTES = Pattern.compile("[A-Za-z0-9_./+-]+");
    private static final String CONTROLLER_PREFIX = "https://controller.";

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.flag('f', "force"),
                        Option.flag('d', "default"),
                        Option.value("git-url"),
                        Option.flag("no-git"),
                        Option.value('p', "tls-pin"),
                        Option.value('g', "git-host"),
                        Option.value("file"),
                        Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("add", 3, 3, "force", "default", "git-url", "no-git", "tls-pin", "git-host"),
                Form.of("remove", 1, 1),
                Form.of("default", 0, 1),
                Form.of("migrate-domain", 1, 1),
                Form.of("backup", 0, 0, "file"),
                Form.atLeast("log-sink", 0));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        switch (arguments.form()) {
            case "" -> list(context, arguments.has("json"));
            case "add" -> add(context, arguments);
            case "remove" -> remove(context, arguments.value(0));
            case "default" ->
                arguments
                        .optionalValue(0)
                        .ifPresentOrElse(name -> setDefault(context, name), () -> showDefault(context));
            case "backup" -> backup(context, arguments.option("file"));
            default -> throw AbsentCommand.notAvailable("cluster " + arguments.form());
        }
        return 0;
    }

    /** What is shown of a cluster; its key is not. */
    record Known(String name, String controllerUrl, String gitUrl, boolean isDefault) {}

    private static void list(Context context, boolean asJson) {
        ClusterList list = context.clusterFile().read();
        if (asJson) {
            context.printJson(list.clusters().stream()
                    .map(cluster -> new Known(
                            cluster.name(), cluster.controllerUrl(), cluster.gitUrl(), list.isDefault(cluster)))
                    .toList());
            return;
        }
        Table table = new Table().row("NAME", "CONTROLLER URL", "GIT URL");
        for (Cluster cluster : list.clusters()) {
            if (list.isDefault(cluster)) {
                table.row(cluster.name(), cluster.controllerUrl(), cluster.gitUrl(), "(default)");
            } else {
                table.row(cluster.name(), cluster.controllerUrl(), cluster.gitUrl());
            }
        }
        table.print(context.console());
    }

    private static void backup(Context context, Optional<String> file) {
        context.console().tell("Creating cluster backup...");
        try {
            if (file.isPresent()) {
                backup(context, context.environment().directory().resolve(file.get()));
            } else {
                context.controller().backup(context.console().out());
            }
        } catch (IOException e) {
            throw new CliException("cannot write the backup: " + e, e);
        }
        context.console().tell("Backup complete.");
    }

    /** A file of that name is a whole backup or is not touched. */
    private static void backup(Context context, Path file) throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".unfinished");
        try (OutputStream out = Files.newOutputStream(unfinished)) {
            context.controller().backup(out);
            out.close();
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    private static void add(Context context, Arguments arguments) {
        Cluster cluster = fromArguments(arguments);
        ClusterList list = context.clusterFile().read();
        Optional<Cluster> replaced = conflicting(list, cluster, arguments.has("force"));
        boolean becomesDefault = arguments.has("default")
                || replaced.map(list::isDefault).orElse(list.clusters().isEmpty());
        ClusterList with = replaced.map(list::without).orElse(list).with(cluster);
        if (becomesDefault) {
            with = with.withDefault(cluster.name());
        }
        if (!arguments.has("no-git")) {
            configureGit(context, cluster);
        }
        context.clusterFile().write(with);
        context.console()
                .tell("Cluster \"" + cluster.name() + "\" added"
                        + (with.isDefault(cluster) ? " and set as default." : "."));
    }

    private static Cluster fromArguments(Arguments arguments) {
        String name = arguments.value(0);
        if (name.isEmpty() || name.contains("/")) {
            throw new CliException("\"" + name + "\" is no cluster name: it must not be empty or contain a slash");
        }
        String domain = arguments.value(1);
        boolean isUrl = domain.startsWith("https://");
        String controllerUrl = isUrl ? domain : CONTROLLER_PREFIX + domain;
        String derivedGitUrl = isUrl && !domain.startsWith(CONTROLLER_PREFIX)
                ? ""
                : "https://git." + controllerUrl.substring(CONTROLLER_PREFIX.length());
        String gitUrl = arguments.option("git-url").orElse(derivedGitUrl);
        if (gitUrl.isEmpty() && !arguments.has("no-git")) {
            throw new CliException(
                    "cannot tell the git URL from " + domain + ": give it with --git-url, or use --no-git");
        }
        return new Cluster(
                name,
                arguments.value(2),
                arguments.option("tls-pin").orElse(""),
                controllerUrl,
                gitUrl.endsWith("/") ? gitUrl.substring(0, gitUrl.length() - 1) : gitUrl);
    }

    /** The one stored cluster that the new one would replace. */
    private static Optional<Cluster> conflicting(ClusterList list, Cluster added, boolean force) {
        List<Cluster> conflicts = list.clusters().stream()
                .filter(stored -> stored.name().equals(added.name()) || hasUrlOf(stored, added))
                .toList();
        if (conflicts.size() > 1) {
            throw new CliException("The cluster name and/or URLs conflict with multiple existing clusters.");
        }
        if (conflicts.size() == 1 && !force) {
            Cluster conflict = conflicts.get(0);
            if (conflict.name().equals(added.name())) {
                throw new CliException("Cluster \"" + added.name() + "\" already exists in ~/.flynnrc");
            }
            String url =
                    conflict.controllerUrl().equals(added.controllerUrl()) ? added.controllerUrl() : added.gitUrl();
            throw new CliException("A cluster with the URL \"" + url + "\" already exists in ~/.flynnrc");
        }
        return conflicts.stream().findFirst();
    }

    private static boolean hasUrlOf(Cluster stored, Cluster added) {
        return stored.controllerUrl().equals(added.controllerUrl())
                || !added.gitUrl().isEmpty() && stored.gitUrl().equals(added.gitUrl());
    }

    /** Teaches git the cluster's certificate authority and key; this is also where a wrong key or pin shows. */
    private static void configureGit(Context context, Cluster cluster) {
        Git git = context.git();
        if (!git.isInstalled()) {
            throw new CliException("Executable 'git' was not found. Use --no-git to skip git configuration");
        }
        Path certificate = context.environment().caCertificate(cluster.name());
        Path directory = Objects.requireNonNull(certificate.getParent());
        try (ControllerClient controller = Context.controllerOf(cluster)) {
            String pem = controller.caCertificate();
            Files.createDirectories(directory);
            Files.writeString(certificate, pem);
        } catch (IOException e) {
            throw new CliException("cannot write " + certificate + ": " + e, e);
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

    /** Git runs the helper with a shell. */
    private static String shellWord(String path) {
        return NEEDS_NO_QUOTES.matcher(path).matches() ? path : "'" + path.replace("'", "'\\''") + "'";
    }

    private static void remove(Context context, String name) {
        ClusterList list = context.clusterFile().read();
        Optional<Cluster> removed = list.named(name);
        if (removed.isEmpty()) {
            return;
        }
        ClusterList left = list.without(removed.get());
        context.clusterFile().write(left);
        if (!removed.get().gitUrl().isEmpty()) {
            context.git().removeGlobalSection("http." + removed.get().gitUrl());
            context.git().removeGlobalSection("credential." + removed.get().gitUrl());
        }
        boolean hasNewDefault =
                list.isDefault(removed.get()) && !left.clusters().isEmpty();
        context.console()
                .tell("Cluster \"" + name + "\" removed"
                        + (hasNewDefault ? " and \"" + left.defaultName() + "\" is now the default cluster." : "."));
    }

    private static void showDefault(Context context) {
        ClusterList list = context.clusterFile().read();
        Table table = new Table().row("NAME", "URL");
        list.named(list.defaultName())
                .ifPresent(cluster -> table.row(cluster.name(), cluster.controllerUrl(), "(default)"));
        table.print(context.console());
    }

    private static void setDefault(Context context, String name) {
        ClusterList list = context.clusterFile().read();
        if (list.named(name).isEmpty()) {
            throw new CliException("Cluster \"" + name + "\" does not exist and cannot be set as default.");
        }
        context.clusterFile().write(list.withDefault(name));
        context.console().tell("\"" + name + "\" is now the default cluster.");
    }
}
