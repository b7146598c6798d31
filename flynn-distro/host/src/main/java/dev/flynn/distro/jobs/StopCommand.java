package dev.flynn.distro.jobs;

import dev.flynn.api.error.FlynnException;
import dev.flynn.host.api.HostClient;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Ends jobs. */
@Command(
        name = "stop",
        description =
                "Stops jobs: SIGTERM, and SIGKILL after ten seconds. What a formation wants is started again by the scheduler.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host stop host1-6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e"})
public final class StopCommand extends JobCommand {

    @Parameters(arity = "1..*", paramLabel = "ID", description = "As 'flynn-host ps' has them.")
    private List<String> ids = List.of();

    @Override
    int run(HostsOptions hosts) {
        boolean all = true;
        for (String id : ids) {
            String outcome = stop(hosts, id);
            all &= outcome.equals(id + " stopped");
            out().println(outcome);
            out().flush();
        }
        if (!all) {
            throw FlynnException.unavailable("could not stop all jobs", null);
        }
        return 0;
    }

    private static String stop(HostsOptions hosts, String id) {
        String hostId;
        try {
            hostId = HostsOptions.hostId(id);
        } catch (FlynnException e) {
            return "could not parse %s: %s".formatted(id, e.getMessage());
        }
        HostClient host;
        try {
            host = hosts.host(hostId);
        } catch (FlynnException e) {
            return "could not connect to host %s: %s".formatted(hostId, e.getMessage());
        }
        try {
            host.stop(id);
            return id + " stopped";
        } catch (FlynnException e) {
            return "could not stop job %s: %s".formatted(id, host.job(id).isPresent() ? e.getMessage() : "no such job");
        }
    }
}
