package dev.flynn.distro.hosts;

import dev.flynn.link.admin.HostAdmin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Takes a vote. */
@Command(
        name = "demote",
        description = "Takes a host's vote on what the cluster's store holds; it keeps its replica.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host demote host4"})
public final class DemoteCommand extends HostCommand {

    @Parameters(paramLabel = "HOST", description = "Its id or its address, as 'flynn-host list' has it.")
    private String host = "";

    @Option(
            names = {"-f", "--force"},
            description = "Also if the host is dead.")
    private boolean force;

    @Override
    void run(HostAdmin admin) {
        told(host, host + " votes in the store no longer", admin.demote(host, force));
    }
}
