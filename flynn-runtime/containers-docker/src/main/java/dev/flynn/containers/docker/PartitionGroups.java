package dev.flynn.containers.docker;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import dev.flynn.base.CpuGroups;
import dev.flynn.spi.container.Partitions;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The control groups in which the engine is to make those of jobs, so that partitions share processors as they should. */
final class PartitionGroups {

    private static final Logger log = LoggerFactory.getLogger(PartitionGroups.class);

    /** Engines name the way by which they make groups themselves; by the other way systemd does, and knows only its slices. */
    private static final String OWN_GROUPS = "cgroupfs";

    private PartitionGroups() {}

    /** Makes them; the group above them, or empty where the engine or the kernel takes no such groups. */
    static Optional<String> make(Engine engine, Partitions partitions, String parent) {
        if (engine.isPodman()) {
            return Optional.empty();
        }
        try {
            String driver =
                    engine.ask((DockerClient client) -> client.infoCmd().exec()).getCGroupDriver();
            if (!OWN_GROUPS.equals(driver)) {
                log.atInfo()
                        .addKeyValue("driver", driver)
                        .log(
                                "jobs of system, background and user share processors alike: the engine leaves groups to systemd");
                return Optional.empty();
            }
            CpuGroups.make(parent, partitions.byName());
            return Optional.of(parent);
        } catch (IOException | DockerException | EngineAwayException e) {
            log.atWarn()
                    .addKeyValue("controlGroup", parent)
                    .setCause(e)
                    .log("jobs of system, background and user share processors alike: their partitions got no shares");
            return Optional.empty();
        }
    }
}
