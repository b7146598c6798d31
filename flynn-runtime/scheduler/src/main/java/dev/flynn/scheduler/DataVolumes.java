package dev.flynn.scheduler;

import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.job.JobState;
import dev.flynn.spi.scheduler.ClusterSnapshot.VolumeView;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * With what volumes the jobs of a type go on, the one that matters most first: what was in use until its job ended, then what
 * was used last. Those of hosts that have left the cluster are not among them.
 */
final class DataVolumes {

    private final List<VolumeRecord> volumes;
    private final Function<JobId, Optional<JobRecord>> jobs;
    private final ClusterPicture picture;

    DataVolumes(ClusterPicture picture, Function<JobId, Optional<JobRecord>> jobs) {
        Set<String> hosts =
                picture.hosts().stream().map(host -> host.value().id()).collect(Collectors.toSet());
        this.picture = picture;
        this.jobs = jobs;
        this.volumes = picture.volumes().stream()
                .map(Versioned::value)
                .filter(volume -> !volume.isSnapshot() && hosts.contains(volume.hostId()))
                .toList();
    }

    List<VolumeView> of(AppId app, String type) {
        List<VolumeView> views = new ArrayList<>();
        volumes.stream()
                .filter(volume -> volume.isFor(app, type))
                .sorted(Comparator.comparing((VolumeRecord volume) -> volume.isFree())
                        .thenComparing(VolumeRecord::usedAt, Comparator.reverseOrder())
                        .thenComparing(VolumeRecord::id))
                .forEach(volume -> views.add(new VolumeView(volume.id(), volume.hostId(), holder(volume))));
        if (!views.isEmpty()) {
            leaveOutWhatIsAboutToBeTaken(views, app, type);
        }
        return views;
    }

    /** A job that is down has its volume no more, whether its host came to write that or died. */
    private Optional<JobId> holder(VolumeRecord volume) {
        return volume.holder()
                .filter(id ->
                        jobs.apply(id).map(job -> job.state() != JobState.DOWN).orElse(false));
    }

    /** A job that starts takes the first free volume of its host. */
    private void leaveOutWhatIsAboutToBeTaken(List<VolumeView> views, AppId app, String type) {
        Map<String, Integer> starting = new HashMap<>();
        for (Versioned<JobRecord> versioned : picture.jobs()) {
            JobRecord job = versioned.value();
            if (job.state().isLive()
                    && job.app().equals(Optional.of(app))
                    && job.type().equals(Optional.of(type))
                    && views.stream().noneMatch(view -> view.holder().equals(Optional.of(job.id())))) {
                starting.merge(job.hostId(), 1, Integer::sum);
            }
        }
        views.removeIf(view -> view.holder().isEmpty() && takeOne(starting, view.hostId()));
    }

    private static boolean takeOne(Map<String, Integer> starting, String host) {
        int left = starting.getOrDefault(host, 0);
        starting.put(host, left - 1);
        return left > 0;
    }
}
