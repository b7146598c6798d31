package dev.flynn.containers.docker;

import dev.flynn.api.id.JobId;
import java.util.Map;

/** What tells our containers from those of others. */
record Labels(String host, String data) {

    static final String JOB = "dev.flynn.job";
    static final String HOST = "dev.flynn.host";
    /** Which data directory knows the job. */
    static final String DATA = "dev.flynn.data";
    /** The address that the job was given. */
    static final String ADDRESS = "dev.flynn.address";

    static final String NETWORK = "dev.flynn.network";

    Map<String, String> of(JobId job, String address) {
        return Map.of(JOB, job.value(), HOST, host, DATA, data, ADDRESS, address);
    }

    static String containerName(JobId job) {
        return "flynn-" + job.value();
    }
}
