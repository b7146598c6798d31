package dev.flynn.cli;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Finds commands by name, loading only the one that is asked for. */
final class Commands {

    /** In the order in which the help lists them. */
    static final List<String> LISTED = List.of(
            "help",
            "install",
            "cluster",
            "create",
            "delete",
            "apps",
            "info",
            "ps",
            "kill",
            "log",
            "scale",
            "run",
            "env",
            "limit",
            "meta",
            "route",
            "pg",
            "provider",
            "remote",
            "resource",
            "release",
            "deployment",
            "docker",
            "restart",
            "rollback",
            "access-key",
            "audit",
            "completion",
            "export",
            "import",
            "volume",
            "version");

    private Commands() {}

    /** Those of the listed ones that can be used; all of them are loaded for that. */
    static List<String> available() {
        return LISTED.stream()
                .filter(name -> !(create(name) instanceof AbsentCommand))
                .toList();
    }

    static Optional<Command> find(String name) {
        return Optional.ofNullable(create(name));
    }

    private static @Nullable Command create(String name) {
        return switch (name) {
            case "access-key" -> new AccessKeyCommand();
            case "apps" -> new AppsCommand();
            case "audit" -> new AuditCommand();
            case "cluster" -> new ClusterCommand();
            case "completion" -> new CompletionCommand();
            case "create" -> new CreateCommand();
            case "delete" -> new DeleteCommand();
            case "deployment" -> new DeploymentCommand();
            case "docker" -> new DockerCommand();
            case "env" -> new EnvCommand();
            case "export" -> new ExportCommand();
            case "git-credentials" -> new GitCredentialsCommand();
            case "help" -> new HelpCommand();
            case "import" -> new ImportCommand();
            case "info" -> new InfoCommand();
            case "kill" -> new KillCommand();
            case "limit" -> new LimitCommand();
            case "log" -> new LogCommand();
            case "meta" -> new MetaCommand();
            case "provider" -> new ProviderCommand();
            case "ps" -> new PsCommand();
            case "release" -> new ReleaseCommand();
            case "remote" -> new RemoteCommand();
            case "resource" -> new ResourceCommand();
            case "restart" -> new RestartCommand();
            case "rollback" -> new RollbackCommand();
            case "route" -> new RouteCommand();
            case "run" -> new RunCommand();
            case "scale" -> new ScaleCommand();
            case "update" -> new UpdateCommand();
            case "volume" -> new VolumeCommand();
            case "version" -> new VersionCommand();
            case "install", "login", "mongodb", "mysql", "pg", "redis" -> new AbsentCommand(name);
            default -> null;
        };
    }
}
