package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Runs each step as soon as those are done that it comes after. A step that fails because something cannot be reached now, such as
 * a cluster store that has no leader for a moment, is run again.
 */
final class StepRunner {

    private static final Duration PAUSE = Duration.ofMillis(500);

    private final List<Step> steps;
    private final Map<String, Action> actions;
    private final StepResults results;
    private final BootstrapOutput output;
    private final ExecutorService threads;
    private final Duration patience;

    /** That all steps are done, or the first failure of one. */
    private final CompletableFuture<@Nullable Void> outcome = new CompletableFuture<>();

    /**
     * @param threads are interrupted by the caller when this ends with a failure
     * @param patience no step is begun again that was begun so long ago
     */
    StepRunner(
            List<Step> steps,
            Map<String, Action> actions,
            StepResults results,
            BootstrapOutput output,
            ExecutorService threads,
            Duration patience) {
        this.steps = steps;
        this.actions = actions;
        this.results = results;
        this.output = output;
        this.threads = threads;
        this.patience = patience;
    }

    /** @throws FlynnException the first failure of a step */
    void run() {
        Map<String, CompletableFuture<Void>> done = new LinkedHashMap<>();
        for (Step step : steps) {
            List<String> before = step.after().orElseGet(() -> new ArrayList<>(done.keySet()));
            CompletableFuture<Void> ready =
                    CompletableFuture.allOf(before.stream().map(done::get).toArray(CompletableFuture[]::new));
            done.put(step.id(), ready.thenRunAsync(() -> run(step), threads));
        }
        var unused = CompletableFuture.allOf(done.values().toArray(CompletableFuture[]::new))
                .whenComplete((nothing, failure) -> end(failure));
        try {
            outcome.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("the bootstrap was interrupted; run it again to go on", e);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof FlynnException failed
                    ? failed
                    : FlynnException.internal("the bootstrap failed: " + e.getCause(), e);
        }
    }

    private void end(@Nullable Throwable failure) {
        if (failure == null) {
            outcome.complete(null);
        } else {
            outcome.completeExceptionally(failure);
        }
    }

    private void run(Step step) {
        tell(() -> output.started(step.action(), step.id()));
        try {
            Action action = action(step);
            JsonNode result = resultInSpiteOfOutages(step, action);
            tell(() -> output.done(step.action(), step.id(), result, action.text(result)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failed(step, FlynnException.unavailable("interrupted", e));
        } catch (RuntimeException e) {
            tell(() -> output.failed(step.action(), step.id(), String.valueOf(e.getMessage())));
            throw failed(step, e);
        }
    }

    private JsonNode resultInSpiteOfOutages(Step step, Action action) throws InterruptedException {
        Deadline deadline = Deadline.in(patience);
        while (true) {
            try {
                return result(step, action);
            } catch (FlynnException e) {
                if (!e.retry() || deadline.isOver()) {
                    throw e;
                }
                tell(() -> output.tryingAgain(step.action(), step.id(), e.getMessage()));
                TimeUnit.MILLISECONDS.sleep(PAUSE.toMillis());
            }
        }
    }

    private JsonNode result(Step step, Action action) throws InterruptedException {
        Optional<JsonNode> earlier = results.find(step.id());
        if (action.lasts() && earlier.isPresent()) {
            action.again(step, earlier.get());
            return earlier.get();
        }
        JsonNode result = action.run(step);
        if (action.lasts()) {
            return results.complete(step.id(), result);
        }
        results.remember(step.id(), result);
        return result;
    }

    private Action action(Step step) {
        Action action = actions.get(step.action());
        if (action == null) {
            throw new IllegalStateException("the manifest was read with other actions: " + step.action());
        }
        return action;
    }

    private RuntimeException failed(Step step, RuntimeException cause) {
        var failure = new FlynnException(
                code(cause), "bootstrap step \"%s\" failed: %s".formatted(step.id(), cause.getMessage()), cause);
        outcome.completeExceptionally(failure);
        return failure;
    }

    private static ErrorCode code(RuntimeException cause) {
        if (cause instanceof GaveUp) {
            return ErrorCode.SERVICE_UNAVAILABLE;
        }
        return cause instanceof FlynnException known ? known.code() : ErrorCode.UNKNOWN;
    }

    private void tell(Runnable event) {
        synchronized (output) {
            event.run();
        }
    }
}
