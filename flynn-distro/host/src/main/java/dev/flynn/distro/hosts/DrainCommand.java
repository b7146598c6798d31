package dev.flynn.distro.hosts;

import dev.flynn.api.error.FlynnException;
import dev.flynn.link.admin.DrainState;
import dev.flynn.link.admin.HostAdmin;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Empties a host. */
@Command(
        name = "drain",
        description =
                "Moves the jobs of a host to others and keeps new ones away, until --off. Each job is asked to stop once another runs in its place. Waits until all have left that can.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host drain host2", "         flynn-host drain --off host2"})
public final class DrainCommand extends HostCommand {

    private static final long PAUSE_MILLIS = 300;

    @Parameters(paramLabel = "HOST", description = "As 'flynn-host list' has it.")
    private String host = "";

    @Option(names = "--off", description = "Let the host take jobs again.")
    private boolean off;

    @Option(names = "--no-wait", description = "Do not wait until the jobs have left.")
    private boolean noWait;

    @Option(
            names = "--timeout",
            paramLabel = "SECS",
            defaultValue = "600",
            description = "How long to wait (default: ${DEFAULT-VALUE}).")
    private int timeout = 600;

    @Override
    void run(HostAdmin admin) {
        admin.setDraining(host, !off);
        if (off) {
            told(host, host + " takes jobs again", List.of());
            return;
        }
        DrainState state = noWait ? admin.drainState(host) : await(admin);
        if (wantsJson()) {
            printJson(Map.of(
                    "host",
                    host,
                    "leaving",
                    state.leaving(),
                    "staying",
                    state.staying().stream().map(DrainCommand::fields).toList()));
            return;
        }
        out().println(
                        state.leaving() == 0
                                ? "%s is drained".formatted(host)
                                : "%s is being drained, %s to move".formatted(host, jobs(state.leaving())));
        state.staying()
                .forEach(job -> out().printf(
                                "  %s (%s) stays: %s%n",
                                job.job(),
                                String.join(" ", job.app(), job.type()).strip(),
                                job.reason()));
    }

    private DrainState await(HostAdmin admin) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(timeout);
        int last = -1;
        while (true) {
            DrainState state = admin.drainState(host);
            if (state.leaving() == 0) {
                return state;
            }
            if (System.nanoTime() > deadline) {
                throw FlynnException.unavailable(
                        "%s of host \"%s\" did not leave in %d s; they go on trying, and 'flynn-host drain --off %s' calls it off"
                                .formatted(jobs(state.leaving()), host, timeout, host),
                        null);
            }
            if (state.leaving() != last && !wantsJson()) {
                out().println("%s: %s to move".formatted(host, jobs(state.leaving())));
                out().flush();
                last = state.leaving();
            }
            pause();
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("interrupted; the host goes on being drained", e);
        }
    }

    private static String jobs(int count) {
        return count == 1 ? "1 job" : count + " jobs";
    }

    private static Map<String, String> fields(DrainState.Staying job) {
        return Map.of("job", job.job(), "app", job.app(), "type", job.type(), "reason", job.reason());
    }
}
