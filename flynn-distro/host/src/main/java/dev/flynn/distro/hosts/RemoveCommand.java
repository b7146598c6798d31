package dev.flynn.distro.hosts;

import dev.flynn.link.admin.HostAdmin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes a host out of the cluster. */
@Command(
        name = "remove",
        description =
                "Takes a host out of the cluster for ever: its replica of the store, its certificates, its jobs. To come back it has to join anew, with a new token and an empty data directory.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host remove host3"})
public final class RemoveCommand extends HostCommand {

    @Parameters(paramLabel = "HOST", description = "Its id or its address, as 'flynn-host list' has it.")
    private String host = "";

    @Option(
            names = {"-f", "--force"},
            description = "Also if it is alive and has jobs, which are lost.")
    private boolean force;

    @Override
    void run(HostAdmin admin) {
        told(host, host + " removed", admin.remove(host, force));
    }
}
