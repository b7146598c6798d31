package dev.flynn.host.api;

import dev.flynn.api.job.JobState;
import dev.flynn.state.JobRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What a change of a job's record means to those who follow the job; pure. */
final class JobEvents {

    /** What happens to a job, in this order; of {@code STOP} and {@code ERROR} one. */
    enum Kind {
        CREATE,
        START,
        STOP,
        ERROR,
        CLEANUP;

        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private JobEvents() {}

    /** What happened between two states of a job; never the same thing twice for one job. */
    static List<Kind> between(@Nullable JobRecord before, JobRecord now) {
        List<Kind> happened = new ArrayList<>();
        if (before == null) {
            happened.add(Kind.CREATE);
        }
        boolean started = before != null && before.startedAt().isPresent();
        if (now.startedAt().isPresent() && !started) {
            happened.add(Kind.START);
        }
        boolean ended = before != null && before.state() == JobState.DOWN;
        if (now.state() == JobState.DOWN && !ended) {
            happened.add(ActiveJobs.status(now) == ActiveJobs.FAILED ? Kind.ERROR : Kind.STOP);
            happened.add(Kind.CLEANUP);
        }
        return happened;
    }
}
