package dev.flynn.images;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Map;

/**
 * What an image says about how it is run.
 *
 * @param workingDirectory {@code /} unless the image says
 * @param user a name or id, and perhaps a group after a colon; empty means root
 */
public record ImageConfig(
        List<String> entrypoint, List<String> cmd, Map<String, String> env, String workingDirectory, String user) {

    public ImageConfig {
        entrypoint = List.copyOf(entrypoint);
        cmd = List.copyOf(cmd);
        env = Map.copyOf(env);
        requireNonNull(workingDirectory, "workingDirectory");
        requireNonNull(user, "user");
    }
}
