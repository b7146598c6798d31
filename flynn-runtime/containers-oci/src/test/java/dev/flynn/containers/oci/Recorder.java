package dev.flynn.containers.oci;

import dev.flynn.api.host.JobStatus;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.spi.container.JobListener;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Keeps what one job wrote and became. */
final class Recorder implements JobListener {

    private final Map<OutputStreamKind, ByteArrayOutputStream> output = new EnumMap<>(OutputStreamKind.class);
    private final List<JobStatus> states = new ArrayList<>();

    @Override
    public synchronized void onStatus(JobStatus status) {
        states.add(status);
    }

    @Override
    public synchronized void onOutput(JobId job, OutputStreamKind stream, byte[] bytes) {
        output.computeIfAbsent(stream, kind -> new ByteArrayOutputStream()).writeBytes(bytes);
    }

    synchronized byte[] bytes(OutputStreamKind stream) {
        ByteArrayOutputStream written = output.get(stream);
        return written == null ? new byte[0] : written.toByteArray();
    }

    String text(OutputStreamKind stream) {
        return new String(bytes(stream), StandardCharsets.UTF_8);
    }

    String out() {
        return text(OutputStreamKind.STDOUT);
    }

    synchronized boolean sawDown() {
        return states.stream().anyMatch(JobStatus::isDown);
    }
}
