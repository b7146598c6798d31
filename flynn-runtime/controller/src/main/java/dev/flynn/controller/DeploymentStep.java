package dev.flynn.controller;

import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What to do next for a deployment. */
sealed interface DeploymentStep {

    /** Nothing, until something changes, or at the latest until that time. */
    record Await(Instant until) implements DeploymentStep {}

    /** Do these actions, in this order and all together, and note how far the deployment is then. */
    record Act(DeploymentRun next, List<Action> actions) implements DeploymentStep {

        public Act {
            actions = List.copyOf(actions);
        }
    }

    /** A part of a step. */
    sealed interface Action {

        /**
         * A line of progress.
         *
         * @param type absent, with the state, in a line that only says that the deployment is alive
         */
        record Tell(ReleaseId release, Optional<String> type, Optional<String> state) implements Action {

            static Tell of(ReleaseId release, String type, String state) {
                return new Tell(release, Optional.of(type), Optional.of(state));
            }

            static Tell alive(ReleaseId release) {
                return new Tell(release, Optional.empty(), Optional.empty());
            }
        }

        /** Counts for a release; none at all are told as taken away. */
        record Scale(ReleaseId release, Map<String, Integer> processes) implements Action {
            public Scale {
                processes = Map.copyOf(processes);
            }
        }

        /** These jobs and no others are to end. */
        record StopJobs(Set<JobId> jobs) implements Action {
            public StopJobs {
                jobs = Set.copyOf(jobs);
            }
        }

        /**
         * What jobs of earlier deployments said of themselves in the metadata of these services is forgotten. It may be done
         * more than once, but only until the step is noted.
         */
        record ClearMarks(Set<String> services) implements Action {
            public ClearMarks {
                services = Set.copyOf(services);
            }
        }

        /** A member of a replicated database is to leave it. It may be done more than once. */
        record StopPeer(String service, SireniaPeer peer) implements Action {}

        record DeleteFormation(ReleaseId release) implements Action {}

        record SetRelease(ReleaseId release) implements Action {}

        /** The deployment does not keep the app from being deployed again. */
        record MarkFinished() implements Action {}

        /** The last action: the run is over. */
        record Finish(DeploymentStatus status) implements Action {}
    }
}
