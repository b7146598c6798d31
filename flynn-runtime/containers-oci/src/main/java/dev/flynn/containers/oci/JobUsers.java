package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.containers.oci.ContainerPlan.User;
import dev.flynn.spi.container.JobFiles;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.Optional;

/**
 * Which user a job of an image of type {@code host} runs as: numbers that nobody else on the host has, worked out and written
 * down nowhere.
 *
 * <p>A job has a user of its own. One that may write to files of the host, such as a volume, has the user of its app: on each
 * host the same, so that the app's next job, and the volume's copy on another host, finds its files to be its own.
 *
 * @param fixed the user of all jobs instead, if the operator wants that
 */
record JobUsers(Optional<User> fixed) {

    /** Of jobs that may write to files of the host and belong to no app: an operator can give files to it beforehand. */
    static final User WITHOUT_APP = new User(100_000, JobFiles.GROUP);

    /** systemd leaves 0x70000000 to 0x7FFFFFFF to nobody; half of it is for jobs, half for apps. */
    private static final long FIRST_OF_JOBS = 0x7000_0000L;

    private static final long FIRST_OF_APPS = 0x7800_0000L;
    private static final int RANGE_MASK = 0x07FF_FFFF;

    /** @param mounts everything of the host that the job sees */
    User of(JobSpec spec, Collection<Mount> mounts) {
        if (fixed.isPresent()) {
            return fixed.get();
        }
        boolean writes = mounts.stream().anyMatch(mount -> mount.access() == Mount.Access.READ_WRITE);
        if (!writes) {
            return derived(FIRST_OF_JOBS, spec.id().value());
        }
        String app = spec.metadata().getOrDefault(JobSpec.META_APP, "");
        return app.isEmpty() ? WITHOUT_APP : derived(FIRST_OF_APPS, app);
    }

    private static User derived(long first, String name) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(name.getBytes(StandardCharsets.UTF_8));
            return new User(first + (ByteBuffer.wrap(digest).getInt() & RANGE_MASK), JobFiles.GROUP);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
