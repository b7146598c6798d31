package dev.flynn.spi.container;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.JobSpec;
import java.util.Set;
import org.apiguardian.api.API;

/** What the spec of a job asks of the backend that runs it. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Requirements {

    private Requirements() {}

    /**
     * Refuses a job that wants what its backend does not declare (CB-7). Limits are not refused: every job has some.
     *
     * @throws FlynnException {@code UNSUPPORTED}, naming the first thing that is missing
     */
    public static void check(JobSpec spec, Set<Capability> declared) {
        require(spec.tty().isPresent(), Capability.TTY, "a terminal", declared);
        require(spec.stdin(), Capability.STDIN, "an open standard input", declared);
        require(!spec.mounts().isEmpty(), Capability.MOUNTS, "a mount", declared);
        require(!spec.volumes().isEmpty(), Capability.MOUNTS, "a volume", declared);
        require(spec.hostNetwork(), Capability.HOST_NETWORK, "the host's network", declared);
        require(spec.workingDirectory().isPresent(), Capability.ISOLATION, "a working directory", declared);
    }

    private static void require(boolean wanted, Capability ability, String name, Set<Capability> declared) {
        if (wanted && !declared.contains(ability)) {
            throw FlynnException.unsupported(name);
        }
    }
}
