package dev.flynn.controller;

import dev.flynn.api.app.Formation;
import dev.flynn.api.app.ScaleRequest;
import dev.flynn.api.event.EventType;
import dev.flynn.api.host.Host;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.state.WakeLoop;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Ends scale requests: complete once the jobs are as wished, cancelled when something else is wished by now. */
final class ScaleProgress {

    private final ClusterState state;
    private final ControllerTables tables;
    private final Discovery discovery;

    ScaleProgress(ClusterState state, ControllerTables tables, Discovery discovery) {
        this.state = state;
        this.tables = tables;
        this.discovery = discovery;
    }

    WakeLoop loop() {
        return new WakeLoop(
                "scale-progress",
                state.store(),
                state.clock(),
                List.of(ControllerTables.SCALE_REQUESTS, "formations/", "jobs/", "hosts/"),
                this::look);
    }

    Instant look() {
        List<Versioned<ScaleRequest>> waiting = tables.scaleRequests().list();
        if (!waiting.isEmpty()) {
            List<JobRecord> jobs = state.jobs().table().list().stream()
                    .map(Versioned::value)
                    .filter(job -> job.type().isPresent())
                    .toList();
            waiting.forEach(request -> look(request, jobs));
        }
        return Instant.MAX;
    }

    private void look(Versioned<ScaleRequest> read, List<JobRecord> jobs) {
        ScaleRequest request = read.value();
        Optional<Formation> formation = state.formations()
                .find(ClusterState.formationId(request.app(), request.release()))
                .map(Versioned::value);
        Transaction.Builder transaction = Transaction.builder();
        if (!formation.map(Formation::processes).equals(Optional.of(request.newProcesses()))) {
            ScaleRequests.cancel(state, transaction, request);
        } else if (isReached(request, jobs)) {
            ScaleRequest complete =
                    request.as(ScaleRequest.State.COMPLETE, state.clock().instant());
            ScaleRequests.tell(state, transaction, EventType.SCALE_REQUEST, complete);
        } else {
            return;
        }
        tables.scaleRequests().remove(transaction, read);
        // refused means that another worker ended it, or that a later request came in between
        var unused = state.commit(transaction);
    }

    private boolean isReached(ScaleRequest request, List<JobRecord> jobs) {
        List<JobRecord> own = jobs.stream()
                .filter(job -> job.app().equals(Optional.of(request.app()))
                        && job.release().equals(Optional.of(request.release()))
                        && job.state().isLive())
                .toList();
        Map<String, ProcessType> types = state.releases()
                .find(request.release().toString())
                .map(release -> release.value().processes())
                .orElse(Map.of());
        Set<String> names = new TreeSet<>(request.newProcesses().keySet());
        own.forEach(job -> job.type().ifPresent(names::add));
        return names.stream()
                .allMatch(name -> isReached(
                        Optional.ofNullable(types.get(name)),
                        request.newProcesses().getOrDefault(name, 0),
                        request.newTags().getOrDefault(name, Map.of()),
                        own.stream()
                                .filter(job -> job.type().equals(Optional.of(name)))
                                .toList()));
    }

    private boolean isReached(Optional<ProcessType> type, int count, Map<String, String> tags, List<JobRecord> live) {
        if (!live.stream().allMatch(job -> job.state() == JobState.UP && !job.stopRequested())) {
            return false;
        }
        if (type.filter(ProcessType::omni).isEmpty()) {
            return live.size() == count;
        }
        return takers(tags).stream()
                .allMatch(host ->
                        live.stream().filter(job -> job.hostId().equals(host)).count() == count);
    }

    /** The living hosts that run omni jobs with these tags. */
    private Set<String> takers(Map<String, String> tags) {
        Set<String> alive = new HashSet<>();
        discovery
                .instances(HostPresence.SERVICE)
                .forEach(instance -> HostPresence.hostId(instance).ifPresent(alive::add));
        Set<String> takers = new HashSet<>();
        for (Versioned<Host> host : state.hosts().list()) {
            if (alive.contains(host.value().id())
                    && !host.value().draining()
                    && host.value().tags().entrySet().containsAll(tags.entrySet())) {
                takers.add(host.value().id());
            }
        }
        return takers;
    }
}
