package dev.flynn.git;

import dev.flynn.api.access.KeyHolder;
import dev.flynn.api.app.App;
import dev.flynn.api.deployment.Deployment;
import dev.flynn.api.host.OutputStreamKind;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.Job;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a push needs of the controller. Apps are named by name or id. Failures are {@link
 * dev.flynn.api.error.FlynnException} with a message for the pusher.
 */
interface Controller extends AutoCloseable {

    /** Whose key this was opened with. */
    KeyHolder keyHolder();

    Optional<App> findApp(String app);

    /** The current release; empty before the first one. */
    Optional<Release> findAppRelease(String app);

    boolean hasFormation(String app, ReleaseId release);

    /** Creates an artifact, or gives the one that is like it. */
    Artifact createArtifact(String type, String uri);

    Release createRelease(Release release);

    /**
     * Begins to move the app to a release that was made of its current one.
     *
     * @param made the current release; empty if the app has none
     * @throws dev.flynn.api.error.FlynnException {@code CONFLICT} if another one is current by now, {@code VALIDATION} while
     *     another deployment is under way
     */
    Deployment deploy(String app, ReleaseId release, Optional<Release> made);

    /** Returns when a deployment is done; it failed, or gave no sign of life in its time, if this fails. */
    void await(String app, Deployment deployment);

    Optional<Deployment> deploymentUnderWay(String app);

    void putFormation(String app, ReleaseId release, Map<String, Integer> processes);

    void deleteFormation(String app, ReleaseId release);

    /** Starts a one-off job that is connected to the caller. */
    AttachedBuild attachJob(String app, NewJob job);

    /** What happens to the app's jobs after this call returned. */
    JobEvents jobEvents(String app);

    /** The last lines that a job wrote. */
    List<String> lastLines(String app, JobId job, int lines) throws IOException;

    @Override
    void close();

    /** A job whose input and output are connected to this program. One thread reads; any thread may write. */
    interface AttachedBuild extends AutoCloseable {

        interface Output {
            void write(OutputStreamKind stream, byte[] bytes);
        }

        /** Delivers the output until the job ends; gives its exit status, and 0 for one that a signal ended. */
        int run(Output output) throws IOException;

        void stdin(byte[] bytes, int length) throws IOException;

        void closeStdin() throws IOException;

        /** Ends the job at once; {@link #run} returns then. One that is not there yet or any more is fine. */
        void kill() throws IOException;

        @Override
        void close();
    }

    /** Events of jobs, in order. */
    interface JobEvents extends AutoCloseable {

        /** Empty if none came in time. */
        Optional<Job> next(Duration patience) throws InterruptedException;

        @Override
        void close();
    }
}
