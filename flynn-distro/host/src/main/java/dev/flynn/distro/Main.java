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
import dev.flynn.distro.jobs.CollectDebugInfoCommand;
import dev.flynn.distro.jobs.DiskCommand;
import dev.flynn.distro.jobs.ImageCommand;
import dev.flynn.distro.jobs.InspectCommand;
import dev.flynn.distro.jobs.LogCommand;
import dev.flynn.distro.jobs.PsCommand;
import dev.flynn.distro.jobs.RunCommand;
import dev.flynn.distro.jobs.SignalCommand;
import dev.flynn.distro.jobs.StopCommand;
import dev.flynn.distro.jobs.VolumeCommand;
import dev.flynn.distro.router.RouterCommand;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;

/** The program flynn-host. */
@Command(
        name = "flynn-host",
        description = "Runs the platform on this machine.",
        mixinStandardHelpOptions = true,
        versionProvider = VersionCommand.Provider.class,
        footer = {"", "Example: flynn-host up --domain flynn.localhost"})
public final class Main implements Runnable {

    private static final Map<String, Class<?>> COMMANDS = commands();

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    public static void main(String[] args) {
        System.exit(run(args, System.err));
    }

    static int run(String[] args, PrintStream err) {
        return commandLine(args)
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionExceptionHandler(failures(err))
                .setParameterExceptionHandler(usageErrors(err))
                .execute(ConfigurationFile.apply(args, System.getenv()));
    }

    /** With all commands if none is named: help tells of them all. Else with that one, since to look at all takes 150 ms. */
    static CommandLine commandLine(String... args) {
        var line = new CommandLine(new Main());
        @Nullable Class<?> named = args.length == 0 ? null : COMMANDS.get(args[0]);
        if (named == null) {
            COMMANDS.forEach(line::addSubcommand);
            line.addSubcommand(CommandLine.HelpCommand.class);
        } else {
            line.addSubcommand(args[0], named);
        }
        return line;
    }

    private static Map<String, Class<?>> commands() {
        Map<String, Class<?>> commands = new LinkedHashMap<>();
        commands.put("up", UpCommand.class);
        commands.put("init", InitCommand.class);
        commands.put(DaemonCommand.NAME, DaemonCommand.class);
        commands.put("bootstrap", BootstrapCommand.class);
        commands.put("token", TokenCommand.class);
        commands.put("list", ListCommand.class);
        commands.put("tags", TagsCommand.class);
        commands.put("drain", DrainCommand.class);
        commands.put("promote", PromoteCommand.class);
        commands.put("demote", DemoteCommand.class);
        commands.put("remove", RemoveCommand.class);
        commands.put("router", RouterCommand.class);
        commands.put("ps", PsCommand.class);
        commands.put("inspect", InspectCommand.class);
        commands.put("log", LogCommand.class);
        commands.put("run", RunCommand.class);
        commands.put("stop", StopCommand.class);
        commands.put("signal", SignalCommand.class);
        commands.put("image", ImageCommand.class);
        commands.put("stack", StackCommand.class);
        commands.put("volume", VolumeCommand.class);
        commands.put("disk", DiskCommand.class);
        commands.put("collect-debug-info", CollectDebugInfoCommand.class);
        commands.put("discovery-service", DiscoveryServiceCommand.class);
        commands.put("configurator", ConfiguratorCommand.class);
        commands.put("nginx-appliance", NginxApplianceCommand.class);
        commands.put("version", VersionCommand.class);
        return commands;
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
            CommandLine command = error.getCommandLine();
            boolean isTop = command.getParent() == null;
            if (isTop && args.length > 0 && !args[0].startsWith("-")) {
                err.println("flynn-host: there is no command '%s'".formatted(args[0]));
            } else {
                err.println("flynn-host: " + error.getMessage());
            }
            err.println(
                    isTop
                            ? "See 'flynn-host help'."
                            : "See '%s --help'."
                                    .formatted(command.getCommandSpec().qualifiedName()));
            int own = error.getCommandLine().getCommandSpec().exitCodeOnInvalidInput();
            return own == CommandLine.ExitCode.USAGE ? 1 : own;
        };
    }

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(System.out);
        }
    }
}
