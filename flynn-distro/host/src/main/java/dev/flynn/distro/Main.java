package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.cluster.BootstrapCommand;
import dev.flynn.distro.cluster.DiscoveryServiceCommand;
import dev.flynn.distro.cluster.InitCommand;
import dev.flynn.distro.cluster.TokenCommand;
import dev.flynn.distro.hosts.DemoteCommand;
import dev.flynn.distro.hosts.DrainCommand;
import dev.flynn.distro.hosts.ListCommand;
import dev.flynn.distro.hosts.PromoteCommand;
import dev.flynn.distro.hosts.RemoveCommand;
import dev.flynn.distro.hosts.TagsCommand;
import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;

/** The program flynn-host. */
@Command(
        name = "flynn-host",
        description = "Runs the platform on this machine.",
        subcommands = {
            UpCommand.class,
            InitCommand.class,
            DaemonCommand.class,
            BootstrapCommand.class,
            TokenCommand.class,
            ListCommand.class,
            TagsCommand.class,
            DrainCommand.class,
            PromoteCommand.class,
            DemoteCommand.class,
            RemoveCommand.class,
            DiscoveryServiceCommand.class,
            VersionCommand.class,
            CommandLine.HelpCommand.class
        },
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        footer = {"", "Example: flynn-host up --domain flynn.localhost"})
public final class Main implements Runnable {

    @CommandLine.Spec
    private CommandLine.Model.@org.jspecify.annotations.Nullable CommandSpec spec;

    public static void main(String[] args) {
        System.exit(run(args, System.err));
    }

    static int run(String[] args, PrintStream err) {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(failures(err))
                .setParameterExceptionHandler(usageErrors(err))
                .execute(ConfigurationFile.apply(args, System.getenv()));
    }

    private static IExecutionExceptionHandler failures(PrintStream err) {
        return (failure, command, parsed) -> {
            if (failure instanceof FlynnException told) {
                err.println("flynn-host: " + told.getMessage());
            } else {
                failure.printStackTrace(err);
            }
            return 1;
        };
    }

    private static IParameterExceptionHandler usageErrors(PrintStream err) {
        return (error, args) -> {
            err.println("flynn-host: " + error.getMessage());
            err.println(
                    "See 'flynn-host help %s'.".formatted(error.getCommandLine().getCommandName()));
            return 1;
        };
    }

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }
}
