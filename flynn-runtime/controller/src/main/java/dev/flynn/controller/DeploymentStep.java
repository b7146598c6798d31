package dev.flynn.controller;

import dev.flynn.api.deployment.DeploymentStatus;
import dev.flynn.api.id.ReleaseId;
import java.time.Instant;
import java.util.List;
import java.util.Map;

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

        /** A line of progress. */
        record Tell(ReleaseId release, String type, String state) implements Action {}

        /** Counts for a release; none at all are told as taken away. */
        record Scale(ReleaseId release, Map<String, Integer> processes) implements Action {
            public Scale {
                processes = Map.copyOf(processes);
            }
        }

        record DeleteFormation(ReleaseId release) implements Action {}

        record SetRelease(ReleaseId release) implements Action {}

        /** The deployment does not keep the app from being deployed again. */
        record MarkFinished() implements Action {}

        /** The last action: the run is over. */
        record Finish(DeploymentStatus status) implements Action {}
    }
}
