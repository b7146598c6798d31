package dev.flynn.spi.container;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.host.Mount;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.util.List;
import org.apiguardian.api.API;

/**
 * What the host lays into the file system of a job: the slug of its app, its volume. The host has it ready before the job
 * starts and keeps it until the job is down. Thread-safe.
 *
 * <p>A backend without {@link Capability#MOUNTS} calls neither method, or lays what it can where its jobs find it: then it calls
 * both. A destination {@code /app} is the job's {@code HOME} and, for images of type {@code host}, where it begins.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface JobFiles {

    /**
     * The group that may write to what the host lays into a job as a private copy; it exists by its number only. Backends
     * whose jobs have users of their own put them into it.
     */
    int GROUP = 65_000;

    /** For backends that run alone: jobs see what their spec says and nothing else. */
    JobFiles NONE = new JobFiles() {
        @Override
        public List<Mount> open(JobSpec spec) {
            return List.of();
        }

        @Override
        public void close(JobId job) {
            // nothing was opened
        }
    };

    /**
     * Makes ready what a job needs beyond its image and the mounts of its spec. May block for minutes, to fetch it. Asked
     * again for the same job, before {@link #close} or after a restart of the host, the answer is the same.
     *
     * @return in the order in which it is to be mounted
     * @throws IOException the job becomes {@code DOWN} with this message as its error
     */
    List<Mount> open(JobSpec spec) throws IOException;

    /** The job is down and sees its files no more; a job that is unknown is fine. */
    void close(JobId job);
}
