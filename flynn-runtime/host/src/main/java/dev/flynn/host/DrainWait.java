package dev.flynn.host;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.id.JobId;
import dev.flynn.api.route.Route;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Drains;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the end of a job back until no router has anything in flight there, if a route of one of its services says so
 * ({@code drain_backends}). It waits for so long and no longer, and not at all when it cannot ask.
 */
final class DrainWait {

    private static final Logger log = LoggerFactory.getLogger(DrainWait.class);

    /** The service that every router registers with. */
    private static final String ROUTERS = "router-api";

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration POLL = Duration.ofMillis(100);

    private final ClusterState state;
    private final Discovery discovery;
    private final Drains drains;
    private final Pauses pauses;

    /** A job that left discovery. */
    record Served(String service, String addr) {}

    DrainWait(ClusterState state, Discovery discovery, Pauses pauses) {
        this.state = state;
        this.discovery = discovery;
        this.drains = new Drains(state);
        this.pauses = pauses;
    }

    /** What an earlier run of this host's agent asked for. */
    void forgetAll(String hostId) {
        drains.forget(hostId + "-");
    }

    /**
     * Runs {@code end} once the job may be stopped.
     *
     * @param served what it was registered with, and is no longer
     */
    void whenDrained(JobId job, Collection<Served> served, Runnable end) {
        boolean asked;
        try {
            asked = isWanted(served) && !routers().isEmpty();
            if (asked) {
                drains.ask(job, served.stream().map(Served::addr).toList());
            }
        } catch (RuntimeException e) {
            log.atWarn().addKeyValue("job", job).setCause(e).log("cannot ask the routers; the job is stopped");
            asked = false;
        }
        if (asked) {
            poll(job, System.nanoTime() + PATIENCE.toNanos(), end);
        } else {
            end.run();
        }
    }

    private boolean isWanted(Collection<Served> served) {
        Set<String> services = served.stream().map(Served::service).collect(Collectors.toSet());
        return !services.isEmpty()
                && state.routes().list().stream()
                        .map(Versioned::value)
                        .filter(Route::drainBackends)
                        .anyMatch(route -> leadsTo(route, services));
    }

    private static boolean leadsTo(Route route, Set<String> services) {
        return services.contains(route.service())
                || route.weights().keySet().stream().anyMatch(services::contains);
    }

    private void poll(JobId job, long deadline, Runnable end) {
        boolean over = true;
        try {
            List<String> missing = missing(job);
            over = missing.isEmpty();
            if (!over && System.nanoTime() - deadline >= 0) {
                log.atWarn()
                        .addKeyValue("job", job)
                        .addKeyValue("routers", missing)
                        .log("routers still have requests in flight there; the job is stopped all the same");
                over = true;
            }
        } catch (RuntimeException e) {
            log.atWarn().addKeyValue("job", job).setCause(e).log("cannot hear the routers; the job is stopped");
        }
        if (over) {
            end.run();
            forget(job);
        } else {
            pauses.runAfter(POLL, () -> poll(job, deadline, end));
        }
    }

    /** The routers that have not answered; those that are gone need not. */
    private List<String> missing(JobId job) {
        Set<String> answered = drains.answers(job);
        return routers().stream().filter(router -> !answered.contains(router)).toList();
    }

    private List<String> routers() {
        return discovery.instances(ROUTERS).stream()
                .map(Instance::meta)
                .map(meta -> Optional.ofNullable(meta.get("FLYNN_JOB_ID")))
                .flatMap(Optional::stream)
                .toList();
    }

    private void forget(JobId job) {
        try {
            drains.forget(job.value());
        } catch (RuntimeException e) {
            log.atDebug().addKeyValue("job", job).setCause(e).log("the next start forgets it");
        }
    }
}
