package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.controller.DeploymentRun.Phase;
import dev.flynn.controller.DeploymentSnapshot.JobView;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Why a deployment fails.
 *
 * @param suspect the job whose last output explains it
 */
record DeploymentFailure(String reason, Optional<JobId> suspect) {

    /** Silence that fails a deployment, unless the app allows more. */
    private static final Duration MIN_SILENCE = Duration.ofSeconds(60);

    /** The same, where jobs say themselves that they are done. */
    private static final Duration MIN_SILENCE_OF_MARKS = Duration.ofSeconds(120);

    /** One job may fail to start: so does one whose host is restarted while it starts it. */
    private static final int TOLERATED_START_FAILURES = 1;

    /** Jobs of a type without a service that may end before the deployment fails. */
    private static final int TOLERATED_ENDS = 2;

    static DeploymentFailure of(String reason) {
        return new DeploymentFailure(reason, Optional.empty());
    }

    /** What shows that the new jobs do not work. */
    static Optional<DeploymentFailure> ofJobs(DeploymentSnapshot now) {
        return new TreeSet<>(now.target().keySet())
                .stream().flatMap(type -> ofJobs(now, type).stream()).findFirst();
    }

    private static Optional<DeploymentFailure> ofJobs(DeploymentSnapshot now, String type) {
        List<JobView> failed = now.newJobs(type).stream()
                .filter(JobView::failed)
                .sorted(Comparator.comparing(JobView::updatedAt))
                .toList();
        List<JobView> notStarted =
                failed.stream().filter(job -> job.hostError().isPresent()).toList();
        if (notStarted.size() > TOLERATED_START_FAILURES) {
            JobView last = notStarted.get(notStarted.size() - 1);
            return Optional.of(new DeploymentFailure(
                    "deployer: %s job failed to start: %s"
                            .formatted(type, last.hostError().orElse("")),
                    Optional.of(last.id())));
        }
        List<JobView> ended =
                failed.stream().filter(job -> job.hostError().isEmpty()).toList();
        int tolerated = now.serviceOf(type).isPresent() ? 0 : TOLERATED_ENDS;
        if (ended.size() <= tolerated) {
            return Optional.empty();
        }
        JobView last = ended.get(ended.size() - 1);
        String reason =
                "%s process type failed to start, got down job event\njob %s %s".formatted(type, last.id(), end(last));
        String others = ended.size() == 1 ? "" : ", the last of %d that ended".formatted(ended.size());
        return Optional.of(new DeploymentFailure(reason + others, Optional.of(last.id())));
    }

    private static String end(JobView job) {
        if (job.exitStatus().isPresent()) {
            return "exited with status " + job.exitStatus().getAsInt();
        }
        if (job.signal().isPresent()) {
            return "was ended by signal " + job.signal().getAsInt();
        }
        return "ended";
    }

    /** That nothing happened for too long. */
    static Optional<DeploymentFailure> ofSilence(DeploymentSnapshot now) {
        if (now.now().isBefore(silenceEnds(now))) {
            return Optional.empty();
        }
        String what = "timed out waiting for job events: none for %d s"
                .formatted(patience(now).toSeconds());
        DeploymentUnit unit = now.unit();
        Phase phase = now.run().phase();
        boolean awaitsEnd = phase == Phase.AWAIT_DOWN || phase == Phase.AWAIT_GONE;
        Map<String, Integer> left = awaitsEnd ? now.excess(unit) : Map.of();
        if (!left.isEmpty()) {
            return Optional.of(of(what + "; old jobs that did not end: " + left));
        }
        return Optional.of(new TreeMap<>(unit.newAfter())
                .entrySet().stream()
                        .filter(wanted -> isMissing(now, wanted))
                        .findFirst()
                        .map(wanted -> ofMissing(now, wanted, what))
                        .orElseGet(() -> of(what)));
    }

    private static boolean isMissing(DeploymentSnapshot now, Map.Entry<String, Integer> wanted) {
        return now.up(wanted.getKey()) < now.expectedNew(wanted.getKey(), wanted.getValue());
    }

    private static DeploymentFailure ofMissing(DeploymentSnapshot now, Map.Entry<String, Integer> wanted, String what) {
        String type = wanted.getKey();
        Optional<JobId> last = now.newJobs(type).stream()
                .filter(JobView::fresh)
                .max(Comparator.comparing(JobView::updatedAt))
                .map(JobView::id);
        return new DeploymentFailure(
                "%s; %s has %d of %d jobs up"
                        .formatted(what, type, now.up(type), now.expectedNew(type, wanted.getValue())),
                last);
    }

    /** When there was no sign of life for too long. */
    static Instant silenceEnds(DeploymentSnapshot now) {
        Instant begun = now.run().updatedAt();
        Instant last = now.jobs().stream()
                .map(JobView::updatedAt)
                .filter(time -> time.isAfter(begun))
                .max(Comparator.naturalOrder())
                .orElse(begun);
        return last.plus(patience(now));
    }

    private static Duration patience(DeploymentSnapshot now) {
        Duration own = Duration.ofSeconds(now.deployment().deployTimeout());
        Duration least = now.deployment().strategy() == Strategy.DISCOVERD_META ? MIN_SILENCE_OF_MARKS : MIN_SILENCE;
        return own.compareTo(least) > 0 ? own : least;
    }

    /** When time alone may change the answer while jobs come up. */
    static Instant nextLook(DeploymentSnapshot now) {
        Instant end = silenceEnds(now);
        return now.target().keySet().stream()
                .filter(type -> now.serviceOf(type).isEmpty())
                .flatMap(type -> now.newJobs(type).stream())
                .filter(job -> job.state() == JobState.UP)
                .map(JobView::steadyAt)
                .filter(steady -> steady.isAfter(now.now()) && steady.isBefore(end))
                .min(Comparator.naturalOrder())
                .orElse(end);
    }
}
