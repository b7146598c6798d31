package dev.flynn.scheduler;

import dev.flynn.state.HostPresence.Roll;
import dev.flynn.state.JobRecord;
import java.util.Set;

/** What a scheduler sees of hosts and jobs beside their records. */
interface HostWatch extends AutoCloseable {

    /** For a cluster without discovery: every host lives, and what is up can be reached. */
    HostWatch NONE = new HostWatch() {
        @Override
        public Roll look(Set<String> hosts) {
            return Roll.allAlive(hosts);
        }

        @Override
        public Set<String> confirmGone(Set<String> hosts) {
            return Set.of();
        }

        @Override
        public boolean isServed(JobRecord job) {
            return true;
        }

        @Override
        public void close() {}
    };

    /** Who lives and who is dead, as far as it was seen. */
    Roll look(Set<String> hosts);

    /** Which of these hosts are not registered, as discovery has it at this moment; none if nobody is. */
    Set<String> confirmGone(Set<String> hosts);

    /** Whether all of a job's services have it. */
    boolean isServed(JobRecord job);

    @Override
    void close();
}
