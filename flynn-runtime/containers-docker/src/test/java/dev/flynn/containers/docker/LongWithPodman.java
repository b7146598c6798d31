package dev.flynn.containers.docker;

import java.util.Set;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Leaves out what takes podman half of the time of all, and what docker is asked in every run: about kills, floods of output and
 * what does not depend on the engine. {@code script/suite kits} runs all.
 */
final class LongWithPodman implements ExecutionCondition {

    private static final Set<String> LONG = Set.of(
            "aBackendThatIsKilledForgetsNothing",
            "aFloodOfOutputArrivesWhole",
            "daemonsThatAreBeingMadeWhenTheJobIsKilledAreEnded",
            "jobsThatAreDownLeaveNothingBehind",
            "jobsThatCannotBeStartedLeaveNothingBehind",
            "environmentAndArgumentsArriveUnchanged",
            "aPrivateCopyIsOfOneJob",
            "theExitStatusOfACommandIsExact",
            "callsForOneJobComeOneAtATime",
            "aCommandThatTakesTooLongIsKilledWithAllItsProcesses",
            "aCommandEndsWithItsJob",
            "whatACommandLeavesBehindIsEnded");

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        boolean isLong = context.getTestMethod()
                .filter(method -> LONG.contains(method.getName()))
                .isPresent();
        return isLong && !Boolean.getBoolean("flynn.kits.all")
                ? ConditionEvaluationResult.disabled("long with podman: script/suite kits runs it")
                : ConditionEvaluationResult.enabled("short");
    }
}
