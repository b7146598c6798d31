package dev.flynn.tck.container;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobListener;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** Keeps what a backend tells, in order. */
final class RecordingListener implements JobListener {

    private final Map<JobId, List<JobStatus>> states = new HashMap<>();
    private final Map<JobId, Map<OutputStreamKind, ByteArrayOutputStream>> output = new HashMap<>();
    private final List<JobId> wroteAfterDown = new ArrayList<>();

    /** How long each call takes, so that two at the same time meet. */
    private volatile Duration dwell = Duration.ofNanos(300_000);

    private final Set<JobId> within = ConcurrentHashMap.newKeySet();
    private final Set<JobId> overlapped = ConcurrentHashMap.newKeySet();

    @Override
    public void onStatus(JobStatus status) {
        alone(status.id(), () -> record(status));
    }

    @Override
    public void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
        alone(job, () -> record(job, stream, bytes));
    }

    void dwell(Duration perCall) {
        dwell = perCall;
    }

    /** Notes when two calls for one job come at the same time. */
    private void alone(JobId job, Runnable call) {
        boolean alone = within.add(job);
        if (!alone) {
            overlapped.add(job);
        }
        LockSupport.parkNanos(dwell.toNanos());
        call.run();
        if (alone) {
            within.remove(job);
        }
    }

    private synchronized void record(JobStatus status) {
        states.computeIfAbsent(status.id(), id -> new ArrayList<>()).add(status);
    }

    private synchronized void record(JobId job, OutputStreamKind stream, byte[] bytes) {
        if (states(job).stream().anyMatch(JobStatus::isDown)) {
            wroteAfterDown.add(job);
        }
        output.computeIfAbsent(job, id -> new HashMap<>())
                .computeIfAbsent(stream, kind -> new ByteArrayOutputStream())
                .writeBytes(bytes);
    }

    synchronized List<JobStatus> states(JobId job) {
        return List.copyOf(states.getOrDefault(job, List.of()));
    }

    synchronized String text(JobId job, OutputStreamKind stream) {
        ByteArrayOutputStream bytes = output.getOrDefault(job, Map.of()).get(stream);
        return bytes == null ? "" : bytes.toString(StandardCharsets.UTF_8);
    }

    /** The jobs that had two calls at the same time. */
    Set<JobId> overlapped() {
        return Set.copyOf(overlapped);
    }

    synchronized List<JobId> wroteAfterDown() {
        return List.copyOf(wroteAfterDown);
    }
}
