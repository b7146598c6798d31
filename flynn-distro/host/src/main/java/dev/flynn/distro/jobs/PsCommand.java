package dev.flynn.distro.jobs;

import dev.flynn.host.api.HostClient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What runs. */
@Command(
        name = "ps",
        description = "Lists the jobs of all hosts, newest first.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {
            "",
            "Example: flynn-host ps -a",
            "         flynn-host ps -q -f '{{.Job.ID}} {{.Status}} {{metadata \"flynn-controller.app_name\"}}'"
        })
public final class PsCommand extends JobCommand {

    @Option(
            names = {"-a", "--all"},
            description = "Also jobs that are over.")
    private boolean all;

    @Option(
            names = {"-q", "--quiet"},
            description = "Print ids only.")
    private boolean quiet;

    @Option(names = "-f", paramLabel = "FORMAT", description = "With -q: print this template for each job.")
    private @Nullable String format;

    @Option(names = "--json", description = "Print JSON, as the hosts tell it.")
    private boolean json;

    @Override
    int run(HostsOptions hosts) {
        GoTemplate template = format == null ? new GoTemplate("{{.Job.ID}}") : new GoTemplate(format);
        List<JobView> jobs = jobs(hosts.all(), all);
        if (json) {
            out().println(JSON.write(jobs.stream().map(JobView::json).toList()));
        } else if (quiet) {
            jobs.forEach(job -> out().println(template.of(job)));
        } else {
            JobTables.list(jobs, Instant.now()).print(out());
        }
        return 0;
    }

    static List<JobView> jobs(List<HostClient> hosts, boolean all) {
        List<JobView> jobs = new ArrayList<>();
        for (HostClient host : hosts) {
            host.jobs().values().stream()
                    .map(JobView::new)
                    .filter(job -> all || job.isActive())
                    .forEach(jobs::add);
        }
        jobs.sort(Comparator.comparing(JobView::since).reversed().thenComparing(JobView::id));
        return jobs;
    }
}
