package dev.flynn.distro.jobs;

import dev.flynn.api.host.JobSpec;
import dev.flynn.distro.hosts.Columns;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;

/** Jobs in the tables that the contract has for them (layer 0: ps, inspect). */
final class JobTables {

    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);
    private static final String NEVER = "0001-01-01 00:00:00 +0000 UTC";

    private JobTables() {}

    static Columns list(List<JobView> jobs, Instant now) {
        var table = new Columns("ID", "STATE", "STARTED", "CONTROLLER APP", "CONTROLLER TYPE");
        jobs.forEach(job -> table.add(
                job.id(),
                job.state(),
                Ages.ago(job.startedAt(), now),
                job.metadata(JobSpec.META_APP_NAME),
                job.metadata(JobSpec.META_TYPE)));
        return table;
    }

    static Columns one(JobView job, boolean withEnv) {
        var table = new Columns("ID", job.id());
        table.add("Entrypoint", job.words("entry_point"));
        table.add("Cmd", job.words("cmd"));
        table.add("Status", job.state());
        table.add("StartedAt", job.startedAt().map(JobTables::time).orElse(NEVER));
        table.add("EndedAt", job.endedAt().map(JobTables::time).orElse(""));
        table.add("ExitStatus", job.exitStatus());
        table.add("IP Address", job.internalIp());
        job.metadata().forEach((key, value) -> table.add(key, value));
        if (withEnv) {
            job.env().forEach((key, value) -> table.add("ENV[" + key + "]", value));
        }
        return table;
    }

    private static String time(Instant time) {
        String fraction = "%09d".formatted(time.getNano()).replaceAll("0+$", "");
        String point = Optional.of(fraction)
                .filter(digits -> !digits.isEmpty())
                .map(digits -> "." + digits)
                .orElse("");
        return SECONDS.format(time) + point + " +0000 UTC";
    }
}
