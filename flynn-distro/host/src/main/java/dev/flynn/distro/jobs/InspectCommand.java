package dev.flynn.distro.jobs;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** All about one job. */
@Command(
        name = "inspect",
        description = "Shows what is known of a job.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host inspect --omit-env host1-6e2f0d1c-7a43-4b55-9d0e-0f1a2b3c4d5e"})
public final class InspectCommand extends JobCommand {

    @Parameters(paramLabel = "ID", description = "As 'flynn-host ps' has it.")
    private String id = "";

    @Option(names = "--omit-env", description = "Without the job's environment.")
    private boolean omitEnv;

    @Option(names = "--json", description = "Print JSON, as the host tells it; with the environment.")
    private boolean json;

    @Override
    int run(HostsOptions hosts) {
        JobView job = hosts.hostOf(id)
                .job(id)
                .map(JobView::new)
                .orElseThrow(() -> new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "no such job"));
        if (json) {
            out().println(JSON.write(job.json()));
        } else {
            JobTables.one(job, !omitEnv).print(out());
        }
        return 0;
    }
}
