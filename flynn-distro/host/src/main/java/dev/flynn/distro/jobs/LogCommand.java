package dev.flynn.distro.jobs;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.host.api.AttachedHostJob;
import dev.flynn.host.api.HostClient;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What a job writes. */
@Command(
        name = "log",
        description =
                "Prints what a job wrote: its standard output there, its standard error on standard error. The job's exit status is not this command's.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host log -f host1-6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e"})
public final class LogCommand extends JobCommand {

    /** Clients compare this text. */
    private static final String NOT_RUNNING = "host: job not running";

    @Parameters(paramLabel = "ID", description = "As 'flynn-host ps' has it.")
    private String id = "";

    @Option(names = "--init", description = "Also what the platform says of the job.")
    private boolean init;

    @Option(
            names = {"-f", "--follow"},
            description = "Go on with what the job will write.")
    private boolean follow;

    @Option(names = "--lines", paramLabel = "NUMBER", description = "Only the last so many lines; does not follow.")
    private int lines;

    private record Line(OutputStreamKind stream, byte[] bytes) {}

    @Override
    int run(HostsOptions hosts) throws IOException {
        try {
            if (lines > 0) {
                Queue<Line> last = new ArrayDeque<>();
                read(hosts.hostOf(id), id, init, false, (stream, bytes) -> {
                    last.add(new Line(stream, bytes));
                    if (last.size() > lines) {
                        last.remove();
                    }
                });
                last.forEach(line -> print(line.stream(), line.bytes()));
            } else {
                read(hosts.hostOf(id), id, init, follow, LogCommand::print);
            }
        } catch (FlynnException e) {
            if (!e.getMessage().equals(NOT_RUNNING)) {
                throw e;
            }
        }
        return 0;
    }

    private static void print(OutputStreamKind stream, byte[] bytes) {
        PrintStream to = stream == OutputStreamKind.STDOUT ? System.out : System.err;
        to.write(bytes, 0, bytes.length);
        to.flush();
    }

    /**
     * Delivers what a job wrote, one line at a time.
     *
     * @throws FlynnException {@code OBJECT_NOT_FOUND} if the host knows no such job
     */
    static void read(HostClient host, String id, boolean init, boolean follow, AttachedHostJob.Output output)
            throws IOException {
        try (AttachedHostJob job =
                host.attach(id, new HostClient.Attach(false, true, follow, init, Optional.empty()))) {
            if (!job.awaitFirstAnswer()) {
                throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "no such job");
            }
            var unused = job.run(output);
        }
    }
}
