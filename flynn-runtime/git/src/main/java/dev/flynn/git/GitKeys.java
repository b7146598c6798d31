package dev.flynn.git;

import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.access.Scope;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.Semaphore;

/** Which keys may fetch and push: the cluster's own, and those with which the controller would let somebody look and deploy. */
final class GitKeys {

    /** Others are asked about at the controller, which lets wrong ones wait: not too many at a time. */
    private static final int ASKED_AT_ONCE = 32;

    private final byte[] clusterKey;
    private final ClusterServices services;
    private final Semaphore asking = new Semaphore(ASKED_AT_ONCE);

    GitKeys(String clusterKey, ClusterServices services) {
        this.clusterKey = clusterKey.getBytes(StandardCharsets.UTF_8);
        this.services = services;
    }

    /**
     * What a key is good for.
     *
     * @param status of the answer: 200, 401 for an unknown key, 403 for one that is for something else, 503
     * @param why for the client
     * @param holder the name of the key, unless it is the cluster's own
     */
    record Answer(int status, String why, Optional<String> holder) {

        boolean isYes() {
            return status == 200;
        }

        private static Answer no(int status, String why) {
            return new Answer(status, why, Optional.empty());
        }
    }

    boolean isClusterKey(String key) {
        return MessageDigest.isEqual(key.getBytes(StandardCharsets.UTF_8), clusterKey);
    }

    /** May ask the controller. */
    Answer look(String key, String app, boolean push) {
        if (isClusterKey(key)) {
            return new Answer(200, "", Optional.empty());
        }
        if (!asking.tryAcquire()) {
            return Answer.no(503, "too many keys are looked at just now; try again in a moment");
        }
        try (Controller controller = services.controller(key)) {
            return ask(controller, app, push);
        } catch (FlynnException e) {
            return e.code() == ErrorCode.UNAUTHORIZED
                    ? Answer.no(401, "Authentication required")
                    : Answer.no(503, "the controller cannot be asked about the key now; try again in a moment");
        } finally {
            asking.release();
        }
    }

    private static Answer ask(Controller controller, String app, boolean push) {
        KeyHolder holder = controller.keyHolder();
        if (push && holder.scopes().contains(Scope.READ)) {
            return Answer.no(
                    403,
                    "the key %s may only look; a push needs one with the scope deploy, admin or app:%s"
                            .formatted(holder.name(), app));
        }
        try {
            // an app that does not exist is told as such, later
            var unused = controller.findApp(app);
            return new Answer(200, "", Optional.of(holder.name()));
        } catch (FlynnException e) {
            if (e.code() == ErrorCode.UNAUTHORIZED) {
                return Answer.no(403, e.getMessage());
            }
            throw e;
        }
    }
}
