package dev.flynn.host.api;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.host.VolumeBinding;
import dev.flynn.api.job.JobState;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.Service;
import dev.flynn.host.api.JobForms.ActiveJobForm;
import dev.flynn.host.api.JobForms.ArtifactForm;
import dev.flynn.host.api.JobForms.CheckForm;
import dev.flynn.host.api.JobForms.ConfigForm;
import dev.flynn.host.api.JobForms.JobForm;
import dev.flynn.host.api.JobForms.LimitForm;
import dev.flynn.host.api.JobForms.MountForm;
import dev.flynn.host.api.JobForms.PortForm;
import dev.flynn.host.api.JobForms.ServiceForm;
import dev.flynn.host.api.JobForms.VolumeForm;
import dev.flynn.json.Times;
import dev.flynn.state.JobRecord;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What the wire says of a job that the cluster knows; pure functions. */
final class ActiveJobs {

    static final int STARTING = 0;
    static final int RUNNING = 1;
    static final int DONE = 2;
    static final int CRASHED = 3;
    static final int FAILED = 4;

    /** The address of a job in its host's network, as the reference writes it. */
    private static final String NO_ADDRESS = "<nil>";

    private ActiveJobs() {}

    static ActiveJobForm of(JobRecord job) {
        int status = status(job);
        return new ActiveJobForm(
                job(job),
                job.hostId(),
                internalIp(job),
                job.stopRequested(),
                status,
                Times.formatNanos(job.createdAt()),
                time(job.startedAt()),
                time(job.state() == JobState.DOWN ? Optional.of(job.updatedAt()) : Optional.empty()),
                exitStatus(job, status),
                status == FAILED ? job.hostError().orElse("unknown failure") : null);
    }

    /** A job that a signal ended is done, whoever sent it: only an exit that is not 0 is a crash. */
    static int status(JobRecord job) {
        return switch (job.state()) {
            case PENDING, STARTING -> STARTING;
            case UP -> RUNNING;
            case STOPPING -> job.startedAt().isPresent() ? RUNNING : STARTING;
            case DOWN, CRASHED, FAILED -> {
                if (job.hostError().isPresent()) {
                    yield FAILED;
                }
                yield job.signal().isPresent() || job.exitStatus().orElse(0) == 0 ? DONE : CRASHED;
            }
        };
    }

    private static @Nullable Integer exitStatus(JobRecord job, int status) {
        if (status != DONE && status != CRASHED) {
            return null;
        }
        return job.signal().isPresent() ? 0 : job.exitStatus().orElse(0);
    }

    private static @Nullable String internalIp(JobRecord job) {
        if (job.spec().hostNetwork() && job.startedAt().isPresent()) {
            return NO_ADDRESS;
        }
        return job.address().orElse(null);
    }

    private static String time(Optional<Instant> time) {
        return time.map(Times::formatNanos).orElse(Times.ZERO);
    }

    private static JobForm job(JobRecord record) {
        JobSpec spec = record.spec();
        Map<String, LimitForm> limits = new TreeMap<>();
        spec.resources()
                .forEach(
                        (type, limit) -> limits.put(type, new LimitForm(value(limit.request()), value(limit.limit()))));
        return new JobForm(
                spec.id().value(),
                spec.metadata(),
                new ArtifactForm(spec.image().uri(), spec.image().type()),
                limits,
                new ConfigForm(
                        spec.tty().isPresent(),
                        spec.stdin(),
                        spec.data(),
                        spec.entrypoint(),
                        spec.cmd(),
                        env(record),
                        spec.mounts().stream().map(ActiveJobs::mount).toList(),
                        spec.volumes().stream().map(ActiveJobs::volume).toList(),
                        spec.ports().stream().map(ActiveJobs::port).toList(),
                        spec.workingDirectory().orElse(null),
                        spec.hostNetwork(),
                        spec.disableLog()),
                spec.partition().map(Priority::wireName).orElse(null),
                spec.resurrect());
    }

    /** With the ports and the address that the job got. */
    private static Map<String, String> env(JobRecord record) {
        Map<String, String> env = new HashMap<>(record.spec().env());
        List<Port> ports = record.spec().ports();
        for (int i = 0; i < ports.size(); i++) {
            int port = ports.get(i).port();
            if (port != 0) {
                env.put("PORT_" + i, String.valueOf(port));
                if (i == 0) {
                    env.put("PORT", String.valueOf(port));
                }
            }
        }
        record.address().ifPresent(address -> env.put("EXTERNAL_IP", address));
        return env;
    }

    private static PortForm port(Port port) {
        return new PortForm(
                port.port(),
                port.proto(),
                port.service().map(ActiveJobs::service).orElse(null));
    }

    private static ServiceForm service(Service service) {
        return new ServiceForm(
                service.name(),
                service.create(),
                service.check().map(ActiveJobs::check).orElse(null));
    }

    private static CheckForm check(HealthCheck check) {
        boolean http = check.type().startsWith("http");
        return new CheckForm(
                check.type(),
                check.interval().toNanos(),
                check.threshold(),
                check.killDown(),
                check.killDown() ? check.startTimeout().toNanos() : 0,
                http ? check.path() : null,
                check.host().orElse(null),
                check.match().orElse(null),
                http ? check.status() : 0,
                http ? check.status() : 0,
                check.command());
    }

    private static MountForm mount(Mount mount) {
        return new MountForm(mount.destination(), mount.source(), mount.access() != Mount.Access.READ_ONLY);
    }

    private static VolumeForm volume(VolumeBinding volume) {
        return new VolumeForm(volume.destination(), volume.volume(), volume.writeable(), false);
    }

    private static @Nullable Long value(OptionalLong value) {
        return value.isPresent() ? value.getAsLong() : null;
    }
}
