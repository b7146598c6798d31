package dev.flynn.controller;

import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.controller.DeploymentSnapshot.JobView;
import dev.flynn.controller.DeploymentStep.Action;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** What is written so that a deployment's jobs become what a unit says. */
sealed interface DeploymentMoves {

    static DeploymentMoves of(DeploymentSnapshot now) {
        return now.run().isRestart() ? new OfJobs(now) : new OfReleases(now);
    }

    /**
     * The unit's new jobs start.
     *
     * @param handedOver old jobs by type that end at the same time, because the new ones go on with their data
     */
    List<Action> start(DeploymentUnit unit, Map<String, Integer> handedOver);

    /** The unit's old jobs end. */
    List<Action> stop(DeploymentUnit unit);

    /** All is to be as before the deployment; what is not needed for that may wait until {@link #cleanUp}. */
    List<Action> back(DeploymentUnit unit);

    /** The old jobs are back. */
    List<Action> cleanUp();

    /** Nothing old is left. */
    List<Action> arrive();

    /** From one release to another: each has a formation, and the scheduler chooses the jobs. */
    record OfReleases(DeploymentSnapshot now) implements DeploymentMoves {

        private ReleaseId newRelease() {
            return now.deployment().newRelease();
        }

        private Optional<ReleaseId> oldRelease() {
            return now.deployment().oldRelease();
        }

        @Override
        public List<Action> start(DeploymentUnit unit, Map<String, Integer> handedOver) {
            List<Action> actions = new ArrayList<>();
            if (!handedOver.isEmpty()) {
                Map<String, Integer> left = minus(unit.oldBefore(), handedOver);
                oldRelease().ifPresent(old -> actions.add(new Action.Scale(old, left)));
            }
            if (unit.starts()) {
                actions.add(new Action.Scale(newRelease(), unit.newAfter()));
            }
            return actions;
        }

        @Override
        public List<Action> stop(DeploymentUnit unit) {
            return oldRelease().stream()
                    .map(old -> (Action) new Action.Scale(old, unit.oldAfter()))
                    .toList();
        }

        @Override
        public List<Action> back(DeploymentUnit unit) {
            List<Action> actions = new ArrayList<>();
            oldRelease()
                    .ifPresent(old ->
                            actions.add(new Action.Scale(old, now.deployment().processes())));
            // the old jobs get their data back only from jobs that end
            Map<String, Integer> left = new HashMap<>(unit.newAfter());
            left.keySet().removeIf(now::keepsData);
            if (left.size() < unit.newAfter().size()) {
                actions.add(new Action.Scale(newRelease(), left));
            }
            return actions;
        }

        @Override
        public List<Action> cleanUp() {
            return List.of(new Action.DeleteFormation(newRelease()));
        }

        @Override
        public List<Action> arrive() {
            return List.of(new Action.SetRelease(newRelease()));
        }
    }

    /**
     * Within one release: it has one formation, which wants the old jobs and the new ones together; those that are to end are
     * named in the same step that wants one less, so that the scheduler, which would end the youngest, finds nothing to do.
     */
    record OfJobs(DeploymentSnapshot now) implements DeploymentMoves {

        private static final Comparator<JobView> OLDEST_FIRST = Comparator.comparing(
                        (JobView job) -> job.startedAt().orElse(job.updatedAt()))
                .thenComparing(job -> job.id().value());

        @Override
        public List<Action> start(DeploymentUnit unit, Map<String, Integer> handedOver) {
            Map<String, Integer> left = minus(unit.oldBefore(), handedOver);
            Map<String, Integer> leftOfUnit = unit.order() == DeploymentUnit.Order.STOP_FIRST ? unit.oldAfter() : left;
            return move(unit.newAfter(), leftOfUnit, surplus(handedOver.keySet(), left));
        }

        @Override
        public List<Action> stop(DeploymentUnit unit) {
            boolean before = unit.order() == DeploymentUnit.Order.STOP_FIRST;
            return move(
                    before ? unit.newBefore() : unit.newAfter(),
                    unit.oldAfter(),
                    surplus(now.before().keySet(), unit.oldAfter()));
        }

        private List<Action> move(Map<String, Integer> newCounts, Map<String, Integer> oldCounts, Set<JobId> ends) {
            Map<String, Integer> counts = new HashMap<>(now.deployment().processes());
            for (String type : now.before().keySet()) {
                counts.put(type, newCounts.getOrDefault(type, 0) + oldCounts.getOrDefault(type, 0));
            }
            List<Action> actions = new ArrayList<>();
            actions.add(new Action.Scale(now.deployment().newRelease(), counts));
            if (!ends.isEmpty()) {
                actions.add(new Action.StopJobs(ends));
            }
            return actions;
        }

        /** The oldest of the old jobs that are more than that; of an omni type on each host. */
        private Set<JobId> surplus(Set<String> types, Map<String, Integer> kept) {
            Set<JobId> surplus = new HashSet<>();
            for (String type : types) {
                Map<String, List<JobView>> groups = now.oldJobs(type).stream()
                        .filter(job -> job.state().isLive() && !job.stopRequested())
                        .sorted(OLDEST_FIRST)
                        .collect(Collectors.groupingBy(
                                job -> now.isOmni(type) ? job.id().hostId() : "", TreeMap::new, Collectors.toList()));
                groups.values()
                        .forEach(jobs -> jobs.stream()
                                .limit(Math.max(0, jobs.size() - kept.getOrDefault(type, 0)))
                                .forEach(job -> surplus.add(job.id())));
            }
            return surplus;
        }

        @Override
        public List<Action> back(DeploymentUnit unit) {
            return List.of(new Action.Scale(
                    now.deployment().newRelease(), now.deployment().processes()));
        }

        @Override
        public List<Action> cleanUp() {
            return List.of();
        }

        @Override
        public List<Action> arrive() {
            return List.of();
        }
    }

    private static Map<String, Integer> minus(Map<String, Integer> counts, Map<String, Integer> less) {
        Map<String, Integer> left = new HashMap<>(counts);
        less.forEach((type, count) -> left.merge(type, -count, Integer::sum));
        return left;
    }
}
