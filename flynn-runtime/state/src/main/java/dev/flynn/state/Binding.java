package dev.flynn.state;

import dev.flynn.api.host.Host;
import dev.flynn.api.release.ProcessType;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Whether a job could run on another host than its own, should that be drained. */
public final class Binding {

    private Binding() {}

    /**
     * Why a job has to stay where it is; empty if it can move.
     *
     * @param type as the job's release has it; empty if it has no such type
     * @param tags what a host must have to run the type
     * @param takers the hosts that take new jobs
     */
    public static Optional<String> of(
            JobRecord job, Optional<ProcessType> type, Map<String, String> tags, Collection<Host> takers) {
        if (job.type().isEmpty()) {
            return Optional.of("it is a one-off job, which ends by itself");
        }
        if (type.isEmpty()) {
            return Optional.of("its release does not have its type, so nobody starts it elsewhere");
        }
        if (type.get().omni()) {
            return Optional.of("it is of a type that runs on every host");
        }
        if (type.get().data()) {
            return Optional.of("its data is on this host");
        }
        if (takers.stream().noneMatch(host -> hasTags(host, tags))) {
            return Optional.of(
                    tags.isEmpty()
                            ? "no other host takes new jobs"
                            : "no other host that takes new jobs has the tags " + new TreeMap<>(tags));
        }
        return Optional.empty();
    }

    private static boolean hasTags(Host host, Map<String, String> tags) {
        return host.tags().entrySet().containsAll(tags.entrySet());
    }
}
