package dev.flynn.host;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Turn;
import dev.flynn.state.Versioned;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Brings back the jobs that a host is to restart by itself when nobody else does, as when the scheduler is among them. */
final class Resurrector {

    private static final Logger log = LoggerFactory.getLogger(Resurrector.class);

    /** How long the scheduler has to restart a job before the host does. */
    private static final Duration SCHEDULER_PATIENCE = Duration.ofSeconds(10);

    private final ClusterState state;
    private final String hostId;
    private final HostPresence presence;

    Resurrector(ClusterState state, String hostId, HostPresence presence) {
        this.state = state;
        this.hostId = hostId;
        this.presence = presence;
    }

    /**
     * Takes part in the scheduler's turns, so that the two never start the same job again.
     *
     * @param known the jobs of the cluster as they were seen; they are read again where there is something to do
     * @throws FlynnException {@code CONFLICT} if somebody else decided at the same time
     */
    void lookAt(Collection<Versioned<JobRecord>> known) {
        if (due(known).isEmpty()) {
            return;
        }
        var turn = new Turn(state);
        for (Versioned<JobRecord> job : due(state.jobs().table().list())) {
            JobRecord down = job.value();
            Transaction.Builder transaction = Transaction.builder();
            state.jobs().replace(transaction, job, down.withRestartAt(Optional.empty(), down.updatedAt()));
            state.jobs()
                    .create(
                            transaction,
                            Resurrection.successor(down, state.clock().instant()));
            List<String> decidedFor = down.app().map(Turn::ofApp).stream().toList();
            if (!turn.commit(transaction, decidedFor)) {
                throw FlynnException.conflict("somebody else decided at the same time");
            }
            log.atInfo().addKeyValue("job", down.id()).log("nobody restarts the job; its host does");
        }
    }

    private List<Versioned<JobRecord>> due(Collection<Versioned<JobRecord>> all) {
        // hardly any, and this is asked with each change of any job
        List<Versioned<JobRecord>> jobs =
                all.stream().filter(job -> job.value().spec().resurrect()).toList();
        if (jobs.isEmpty()) {
            return jobs;
        }
        Set<String> others = jobs.stream().map(job -> job.value().hostId()).collect(Collectors.toSet());
        others.add(hostId);
        Set<String> dead = presence.look(others).dead();
        return Resurrection.due(
                jobs,
                hostId,
                host -> host.equals(hostId) || !dead.contains(host),
                state.clock().instant(),
                SCHEDULER_PATIENCE);
    }
}
