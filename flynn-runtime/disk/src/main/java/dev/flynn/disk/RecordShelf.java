package dev.flynn.disk;

import dev.flynn.api.id.AppId;
import dev.flynn.api.job.JobState;
import dev.flynn.disk.Item.Worth;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Table;
import dev.flynn.state.Versioned;
import dev.flynn.state.VolumeRecord;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Records that tell of what is no more: the jobs of apps that are gone, and the volumes of hosts that left the cluster. */
public final class RecordShelf implements Shelf {

    private static final String NAME = "records";
    private static final String JOBS = "jobs/";
    private static final String VOLUMES = "volumes/";

    private final String hostId;
    private final ClusterState state;

    public RecordShelf(String hostId, ClusterState state) {
        this.hostId = hostId;
        this.state = state;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public List<Item> items() {
        List<Item> items = new ArrayList<>();
        for (Versioned<JobRecord> record : state.jobs().table().list(hostId + "-")) {
            JobRecord job = record.value();
            boolean over = job.state() == JobState.DOWN && job.restartAt().isEmpty();
            if (over && isGone(job.app())) {
                items.add(new Item(NAME, JOBS + job.id(), job.app(), 0, job.updatedAt(), Worth.LEFT_OVER_TRIVIAL));
            }
        }
        Set<String> hosts = new HashSet<>();
        state.hosts().list().forEach(host -> hosts.add(host.value().id()));
        for (Versioned<VolumeRecord> record : state.volumes().list()) {
            VolumeRecord volume = record.value();
            boolean leftOver = volume.isRecorded()
                    ? isGone(volume.app())
                    : !hosts.contains(volume.hostId()) && !volume.hostId().equals(hostId);
            if (leftOver) {
                items.add(new Item(
                        NAME, VOLUMES + volume.recordId(), volume.app(), 0, volume.usedAt(), Worth.LEFT_OVER_TRIVIAL));
            }
        }
        return items;
    }

    private boolean isGone(Optional<AppId> app) {
        return app.map(id -> state.apps().find(id.toString()).isEmpty()).orElse(false);
    }

    @Override
    public boolean delete(Item item) {
        return item.id().startsWith(JOBS)
                ? remove(state.jobs().table(), item.id().substring(JOBS.length()))
                : remove(state.volumes(), item.id().substring(VOLUMES.length()));
    }

    private <T> boolean remove(Table<T> table, String id) {
        Optional<Versioned<T>> record = table.find(id);
        if (record.isEmpty()) {
            return false;
        }
        Transaction.Builder transaction = Transaction.builder();
        table.remove(transaction, record.get());
        return state.commit(transaction).committed();
    }
}
