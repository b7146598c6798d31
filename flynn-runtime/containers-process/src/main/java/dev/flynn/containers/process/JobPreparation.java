package dev.flynn.containers.process;

import dev.flynn.api.host.JobSpec;
import java.io.IOException;
import java.nio.file.Path;

/** Fills a job's directory before its process starts, with the app's files for example. May block. */
@FunctionalInterface
public interface JobPreparation {

    /** Nothing needs to be there. */
    JobPreparation NONE = (spec, appDirectory) -> {};

    /**
     * @param appDirectory exists and is empty; it will be the process' home and working directory
     * @throws IOException the job becomes {@code DOWN} with this message as its error
     */
    void prepare(JobSpec spec, Path appDirectory) throws IOException;
}
