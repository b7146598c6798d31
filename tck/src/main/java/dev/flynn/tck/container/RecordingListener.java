package dev.flynn.tck.container;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobListener;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Keeps what a backend tells, in order. */
final class RecordingListener implements JobListener {

    private final Map<JobId, List<JobStatus>> states = new HashMap<>();
    private final Map<JobId, Map<OutputStreamKind, ByteArrayOutputStream>> output = new HashMap<>();
    private final List<JobId> wroteAfterDown = new ArrayList<>();

    @Override
    public synchronized void onStatus(JobStatus status) {
        states.computeIfAbsent(status.id(), id -> new ArrayList<>()).add(status);
    }

    @Override
    public synchronized void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
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

    synchronized List<JobId> wroteAfterDown() {
        return List.copyOf(wroteAfterDown);
    }
}
