package dev.flynn.scheduler;

import dev.flynn.api.app.Formation;
import dev.flynn.api.host.Host;
import dev.flynn.base.Closer;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.TableFeed;
import dev.flynn.state.TableFeed.Changes;
import dev.flynn.state.Turn;
import dev.flynn.state.VolumeRecord;

/** An index that follows a cluster when it is told to, and may do so in part. */
final class FollowedCluster implements AutoCloseable {

    final ClusterIndex index;

    private final Closer closer = new Closer();
    private final TableFeed<String> turns;
    private final TableFeed<Formation> formations;
    private final TableFeed<JobRecord> jobs;
    private final TableFeed<Host> hosts;
    private final TableFeed<VolumeRecord> volumes;
    private final TableFeed<String> releases;
    private final TableFeed<String> apps;
    private long seen;

    FollowedCluster(ClusterState state) {
        index = SchedulerLoop.indexOf(state);
        turns = closer.register(state.table(Turn.PREFIX, String.class).feed(() -> {}));
        formations = closer.register(state.formations().feed(() -> {}));
        jobs = closer.register(state.jobs().table().feed(() -> {}));
        hosts = closer.register(state.hosts().feed(() -> {}));
        volumes = closer.register(state.volumes().feed(() -> {}));
        releases = closer.register(state.releases().unreadFeed(() -> {}));
        apps = closer.register(state.apps().unreadFeed(() -> {}));
    }

    void follow() {
        followTurns();
        followJobs();
        followTheRest();
    }

    void followTurns() {
        index.applyTurns(turns.take());
    }

    void followJobs() {
        Changes<JobRecord> changes = jobs.take();
        seen = changes.revision();
        index.applyJobs(changes);
    }

    /** Whether jobs were followed that far. */
    boolean hasSeen(long revision) {
        return seen >= revision;
    }

    void followTheRest() {
        index.applyReleases(releases.take());
        index.applyApps(apps.take());
        index.applyFormations(formations.take());
        index.applyVolumes(volumes.take());
        index.applyHosts(hosts.take());
    }

    @Override
    public void close() {
        closer.close();
    }
}
