package dev.flynn.controller;

import dev.flynn.api.app.App;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.time.Instant;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * After each deployment, deletes what {@link ReleaseCollector} finds too old to keep. What finished while no worker ran is looked
 * at when one starts; several may run at the same time.
 */
final class ReleaseRetention {

    private static final Logger log = LoggerFactory.getLogger(ReleaseRetention.class);

    private static final String DEPLOYMENTS = "deployments/";

    private final ClusterState state;
    private final ReleaseCollector collector;

    /** Deployments that were changed until then are done with. */
    private long seenRevision;

    ReleaseRetention(ClusterState state, ReleaseCollector collector) {
        this.state = state;
        this.collector = collector;
    }

    WakeLoop loop() {
        return new WakeLoop("release-retention", state.store(), state.clock(), List.of(DEPLOYMENTS), this::look);
    }

    /** Looks at the apps whose deployments finished since the last look. */
    Instant look() {
        long newest = seenRevision;
        Set<AppId> apps = new LinkedHashSet<>();
        for (Versioned<Deployment> deployment : state.deployments().list()) {
            if (deployment.modRevision() > seenRevision) {
                newest = Math.max(newest, deployment.modRevision());
                if (deployment.value().status().isFinished()) {
                    apps.add(deployment.value().app());
                }
            }
        }
        apps.forEach(this::collect);
        seenRevision = newest;
        return Instant.MAX;
    }

    private void collect(AppId id) {
        Optional<Versioned<App>> app = state.apps().find(id.toString());
        if (app.isEmpty()) {
            return;
        }
        try {
            List<ReleaseId> old = collector.collectIfAny(app.get());
            if (!old.isEmpty()) {
                log.atInfo()
                        .addKeyValue("app", id)
                        .addKeyValue("releases", old.size())
                        .log("old releases are deleted");
            }
        } catch (FlynnException e) {
            if (e.retry()) {
                throw e;
            }
            log.atWarn()
                    .addKeyValue("app", id)
                    .addKeyValue("reason", e.getMessage())
                    .log("old releases are kept");
        }
    }
}
