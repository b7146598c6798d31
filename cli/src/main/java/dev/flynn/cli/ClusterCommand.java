package dev.flynn.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code flynn cluster}: the clusters that this program knows. */
final class ClusterCommand implements Command {

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
                        Option.flag('y', "yes"),
                        Option.flag("use-ids"),
                        Option.flag("insecure"),
                        Option.value("format"),
                        Option.value("directory"),
                        Option.value("email"),
                        Option.value("ca"),
                        Option.value("validation"),
                        Option.value("dns-provider"),
                        Option.flag("agree-terms"),
                        Option.flag("json")),
                Form.of("", 0, 0, "json"),
                Form.of("add", 3, 3, "force", "default", "git-url", "no-git", "tls-pin", "git-host", "json"),
                Form.of("remove", 1, 1, "json"),
                Form.of("default", 0, 1, "json"),
                Form.of("migrate-domain", 1, 1, "yes", "json"),
                Form.of("backup", 0, 0, "file", "json"),
                Form.of(
                        "acme enable",
                        0,
                        0,
                        "directory",
                        "email",
                        "ca",
                        "validation",
                        "dns-provider",
                        "agree-terms",
                        "json"),
                Form.of("acme disable", 0, 0, "json"),
                Form.of("acme", 0, 0, "json"),
                Form.of("log-sink add syslog", 1, 2, "use-ids", "insecure", "format", "json"),
                Form.of("log-sink remove", 1, 1, "json"),
                Form.of("log-sink", 0, 0, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        switch (arguments.form()) {
            case "" -> list(context, arguments.has("json"));
            case "add" -> add(context, arguments);
            case "remove" -> remove(context, arguments);
            case "default" -> setOrShowDefault(context, arguments);
            case "backup" -> backup(context, arguments);
            case "migrate-domain" ->
                new DomainMove(context, arguments.has("json")).run(arguments.value(0), arguments.has("yes"));
            case "acme enable" -> AcmeSetup.enable(context, arguments);
            case "acme disable" -> AcmeSetup.disable(context, arguments.has("json"));
            case "acme" -> AcmeSetup.show(context, arguments.has("json"));
            case "log-sink add syslog" -> LogSinks.add(context, arguments);
            case "log-sink remove" -> LogSinks.remove(context, arguments);
            default -> LogSinks.list(context, arguments.has("json"));
        }
        return 0;
    }

    /** What is shown of a cluster; its key is not. */
    record Known(String name, String controllerUrl, String gitUrl, boolean isDefault) {

        static Known of(ClusterList list, Cluster cluster) {
            return new Known(cluster.name(), cluster.controllerUrl(), cluster.gitUrl(), list.isDefault(cluster));
        }
    }

    private static void list(Context context, boolean asJson) {
        ClusterList list = context.clusterFile().read();
        if (asJson) {
            context.printJson(list.clusters().stream()
                    .map(cluster -> Known.of(list, cluster))
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

    private static void backup(Context context, Arguments arguments) {
        Optional<String> name = arguments.option("file");
        if (arguments.has("json") && name.isEmpty()) {
            throw new CliException("ERROR: --json needs --file: standard output is where the backup goes without it");
        }
        context.console().tell("Creating cluster backup...");
        try {
            if (name.isPresent()) {
                Path file = context.environment().directory().resolve(name.get());
                WholeFile.write(file, context.controller()::backup);
                if (arguments.has("json")) {
                    context.printJson(Map.of("file", file.toString(), "bytes", Files.size(file)));
                }
            } else {
                context.controller().backup(context.console().out());
            }
        } catch (IOException e) {
            throw new CliException("cannot write the backup: " + FileProblem.of(e), e);
        }
        context.console().tell("Backup complete.");
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
            new GitSettings(context).add(cluster);
        }
        context.clusterFile().write(with);
        context.tellDone(
                arguments,
                Known.of(with, cluster),
                "Cluster \"" + cluster.name() + "\" added" + (with.isDefault(cluster) ? " and set as default." : "."));
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

    private static void remove(Context context, Arguments arguments) {
        String name = arguments.value(0);
        ClusterList list = context.clusterFile().read();
        Optional<Cluster> removed = list.named(name);
        if (removed.isEmpty()) {
            if (arguments.has("json")) {
                context.printJson(removed);
            }
            return;
        }
        ClusterList left = list.without(removed.get());
        context.clusterFile().write(left);
        if (!removed.get().gitUrl().isEmpty()) {
            new GitSettings(context).remove(removed.get());
        }
        boolean hasNewDefault =
                list.isDefault(removed.get()) && !left.clusters().isEmpty();
        context.tellDone(
                arguments,
                Known.of(list, removed.get()),
                "Cluster \"" + name + "\" removed"
                        + (hasNewDefault ? " and \"" + left.defaultName() + "\" is now the default cluster." : "."));
    }

    private static void setOrShowDefault(Context context, Arguments arguments) {
        ClusterList list = context.clusterFile().read();
        Optional<String> name = arguments.optionalValue(0);
        if (name.isPresent()) {
            Cluster chosen = list.named(name.get())
                    .orElseThrow(() -> new CliException(
                            "Cluster \"" + name.get() + "\" does not exist and cannot be set as default."));
            ClusterList with = list.withDefault(name.get());
            context.clusterFile().write(with);
            context.tellDone(arguments, Known.of(with, chosen), "\"" + name.get() + "\" is now the default cluster.");
            return;
        }
        Optional<Cluster> current = list.named(list.defaultName());
        if (arguments.has("json")) {
            context.printJson(current.map(cluster -> Known.of(list, cluster)));
            return;
        }
        Table table = new Table().row("NAME", "URL");
        current.ifPresent(cluster -> table.row(cluster.name(), cluster.controllerUrl(), "(default)"));
        table.print(context.console());
    }
}
