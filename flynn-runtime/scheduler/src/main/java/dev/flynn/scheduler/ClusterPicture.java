package dev.flynn.scheduler;

import dev.flynn.api.app.App;
import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.Release;
import dev.flynn.spi.scheduler.ClusterSnapshot.Load;
import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a decision rests on: the records as they were read, and what was seen beside them.
 *
 * @param jobs of some apps or of all
 * @param others what jobs that are not among these have of a host
 * @param isServed whether a job that is up can be reached by its services
 */
record ClusterPicture(
        Collection<Versioned<Formation>> formations,
        Collection<Versioned<JobRecord>> jobs,
        Collection<Versioned<Host>> hosts,
        Collection<Versioned<VolumeRecord>> volumes,
        Function<ReleaseId, Optional<Release>> releases,
        Function<AppId, Optional<App>> apps,
        Function<String, Load> others,
        Roll roll,
        Predicate<JobRecord> isServed) {

    /** The hosts that have a record or a job. */
    static Set<String> hostsOf(Collection<Versioned<Host>> hosts, Collection<Versioned<JobRecord>> jobs) {
        Set<String> ids = new HashSet<>();
        hosts.forEach(host -> ids.add(host.value().id()));
        jobs.stream()
                .map(Versioned::value)
                .filter(job -> job.state() != JobState.DOWN)
                .forEach(job -> ids.add(job.hostId()));
        return ids;
    }

    /** The jobs that these hosts, which are dead, still had. */
    List<Versioned<JobRecord>> jobsOn(Set<String> dead) {
        if (dead.isEmpty()) {
            return List.of();
        }
        return jobs.stream()
                .filter(job -> job.value().state() != JobState.DOWN
                        && dead.contains(job.value().hostId()))
                .toList();
    }
}
