package dev.flynn.cli;

import dev.flynn.api.job.Job;
import dev.flynn.api.job.JobState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** {@code flynn ps}. */
final class PsCommand implements Command {

    /** What one-off jobs are called here; their stored type is empty. */
    private static final String ONE_OFF = "run";

    @Override
    public Syntax syntax() {
        return Syntax.of(
                List.of(
                        Option.flag('a', "all"),
                        Option.flag('c', "command"),
                        Option.flag('q', "quiet"),
                        Option.value('t', "type"),
                        Option.flag("json")),
                Form.of("", 0, 0, "all", "command", "quiet", "type", "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        boolean detailed = arguments.has("all") || arguments.has("command");
        List<Job> jobs = context.controller().jobs(context.app()).stream()
                .filter(job -> arguments.has("all") || isShown(job, detailed))
                .filter(job -> arguments.option("type").map(type(job)::equals).orElse(true))
                .sorted(detailed ? Comparator.comparing(Job::createdAt) : Comparator.comparing(PsCommand::sortType))
                .toList();
        if (arguments.has("json")) {
            context.printJson(jobs);
        } else if (arguments.has("quiet")) {
            jobs.forEach(job -> context.console().print(job.id().value()));
        } else if (detailed) {
            printDetails(context.console(), jobs, arguments.has("command"));
        } else {
            Table table = new Table().row("ID", "TYPE", "RELEASE");
            jobs.forEach(
                    job -> table.row(job.id().value(), type(job), job.release().toString()));
            table.print(context.console());
        }
        return 0;
    }

    private static boolean isShown(Job job, boolean detailed) {
        return job.state() == JobState.UP || detailed && job.state() == JobState.PENDING;
    }

    private static String type(Job job) {
        return job.type().filter(type -> !type.isEmpty()).orElse(ONE_OFF);
    }

    private static String sortType(Job job) {
        return job.type().orElse("");
    }

    private static void printDetails(Console console, List<Job> jobs, boolean withCommand) {
        Table table = new Table();
        List<String> header = new ArrayList<>(List.of("ID", "TYPE", "STATE", "CREATED", "RELEASE"));
        if (withCommand) {
            header.add("COMMAND");
        }
        table.row(header);
        Instant now = Instant.now();
        for (Job job : jobs) {
            List<String> cells = new ArrayList<>(List.of(
                    job.id().value(),
                    type(job),
                    job.state().wireName(),
                    Ages.ago(job.createdAt(), now),
                    job.release().toString()));
            if (withCommand) {
                cells.add(String.join(" ", job.cmd()));
            }
            table.row(cells);
        }
        table.print(console);
    }
}
