package dev.flynn.distro.jobs;

import dev.flynn.api.error.FlynnException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Sends a signal. */
@Command(
        name = "signal",
        description = "Sends a signal to the main process of a job.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host signal host1-6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e 1"})
public final class SignalCommand extends JobCommand {

    @Parameters(index = "0", paramLabel = "ID", description = "As 'flynn-host ps' has it.")
    private String id = "";

    @Parameters(index = "1", paramLabel = "SIGNAL", description = "Its number.")
    private String signal = "";

    @Override
    int run(HostsOptions hosts) {
        int number;
        try {
            number = Integer.parseInt(signal);
        } catch (NumberFormatException e) {
            throw FlynnException.invalid("a signal is a number, such as 15; it was \"%s\"".formatted(signal));
        }
        hosts.hostOf(id).signal(id, number);
        out().println("sent signal %d to %s successfully".formatted(number, id));
        return 0;
    }
}
