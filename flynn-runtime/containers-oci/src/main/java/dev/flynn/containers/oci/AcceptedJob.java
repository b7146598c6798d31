package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import java.time.Instant;

/**
 * What is on disk of a job before anybody is told that it was accepted.
 *
 * @param boot of the machine; after another one nothing of the job is left
 */
record AcceptedJob(JobSpec spec, Instant acceptedAt, String boot) {}
