package dev.flynn.distro.hosts;

import dev.flynn.link.admin.HostAdmin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Gives a vote. */
@Command(
        name = "promote",
        description = "Gives a host a vote on what the cluster's store holds. There should be 1, 3 or 5 voters.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host promote host4"})
public final class PromoteCommand extends HostCommand {

    @Parameters(paramLabel = "HOST", description = "Its id or its address, as 'flynn-host list' has it.")
    private String host = "";

    @Override
    void run(HostAdmin admin) {
        told(host, host + " votes in the store", admin.promote(host));
    }
}
