package dev.flynn.git;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.Release;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Releases what a push has built. A build takes its time, in which others set variables, or deploy: the release is made from what is
 * current when it is over, is made again when that changes once more, and waits for its turn. Not thread-safe.
 */
final class Releasing {

    private static final int ATTEMPTS = 20;

    private final Controller controller;
    private final String app;
    private final Function<Optional<Release>, Release> change;
    private Optional<Release> previous = Optional.empty();
    private boolean scaledBefore;
    private @Nullable Release release;

    /** @param change makes the release of the current one, which is empty for an app without any */
    Releasing(Controller controller, String app, Function<Optional<Release>, Release> change) {
        this.controller = controller;
        this.app = app;
        this.change = change;
    }

    /** Makes the release; nothing runs it yet. */
    void make() {
        previous = controller.findAppRelease(app);
        scaledBefore = previous.isPresent()
                && controller.hasFormation(app, previous.get().id());
        release = controller.createRelease(change.apply(previous));
    }

    /**
     * Moves the app to the release and returns when that is done.
     *
     * @param abort is obeyed until the deployment begins
     * @throws FlynnException the app was not deployed; the message is for the pusher
     */
    void deploy(Pusher pusher, Abort abort) {
        Deployment deployment = begin(pusher, abort);
        controller.await(app, deployment);
    }

    private Deployment begin(Pusher pusher, Abort abort) {
        for (int attempt = 1; ; attempt++) {
            abort.check();
            try {
                return controller.deploy(app, release().id(), previous);
            } catch (FlynnException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                if (e.code() == ErrorCode.CONFLICT) {
                    make();
                } else if (e.code() != ErrorCode.VALIDATION || !awaitsOther(pusher)) {
                    throw e;
                }
            }
        }
    }

    /** Whether another deployment was in the way; how it ends is not this push's concern. */
    private boolean awaitsOther(Pusher pusher) {
        Optional<Deployment> other = controller.deploymentUnderWay(app);
        other.ifPresent(found -> {
            pusher.line("-----> Waiting for the deployment that is under way...");
            try {
                controller.await(app, found);
            } catch (FlynnException failed) {
                // it is over, and the app is where it was
            }
        });
        return other.isPresent();
    }

    Release release() {
        return requireNonNull(release, "made before");
    }

    /** Whether somebody has said how many jobs the release before has, be it none. */
    boolean scaledBefore() {
        return scaledBefore;
    }
}
