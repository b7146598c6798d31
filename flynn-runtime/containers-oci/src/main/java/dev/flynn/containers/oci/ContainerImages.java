package dev.flynn.containers.oci;

import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.JobId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Where images come from that are not the host's own root file system. Thread-safe. */
public interface ContainerImages {

    /**
     * An image that is unpacked.
     *
     * @param layers directories for overlayfs' {@code lowerdir}, topmost first
     * @param user name or number, perhaps with a group after a colon; empty means root
     */
    record ContainerImage(
            List<Path> layers,
            List<String> entrypoint,
            List<String> cmd,
            Map<String, String> env,
            String workingDirectory,
            String user) {

        public ContainerImage {
            layers = List.copyOf(layers);
            entrypoint = List.copyOf(entrypoint);
            cmd = List.copyOf(cmd);
            env = Map.copyOf(env);
        }
    }

    /**
     * Fetches and unpacks an image unless that is done; may block for minutes. It stays until the holder releases it. Asked
     * again for the same holder, the answer is the same.
     *
     * @throws IOException the job becomes {@code DOWN} with this message as its error
     */
    ContainerImage open(JobSpec.Image image, JobId holder) throws IOException;

    /** A job that holds nothing is fine. */
    void release(JobId holder);
}
