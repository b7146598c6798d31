package dev.flynn.distro.router;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The routers of the cluster. */
@Command(
        name = "router",
        description = "Shows what the cluster's routers do. Run it on one of its hosts.",
        mixinStandardHelpOptions = true,
        subcommands = {RouterTopCommand.class},
        footer = {"", "Example: flynn-host router top"})
public final class RouterCommand implements Runnable {

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            spec.commandLine().usage(spec.commandLine().getOut());
        }
    }
}
