package dev.flynn.containers.docker;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.InternalServerErrorException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removing containers. */
final class Containers {

    private static final Logger log = LoggerFactory.getLogger(Containers.class);

    /** Podman reads what the kernel has of a container's process when it is asked, and fails if that ends just then. */
    private static final Pattern ENDED_MEANWHILE = Pattern.compile("no such (process|file or directory)");

    private static final int TIMES_INSPECTED = 10;
    private static final Duration INSPECT_AGAIN = Duration.ofMillis(20);

    private Containers() {}

    /**
     * What the engine knows of a container.
     *
     * @throws NotFoundException there is none
     */
    static InspectContainerResponse inspect(Engine engine, String container) {
        for (int attempt = 1; ; attempt++) {
            try {
                return engine.ask(
                        client -> client.inspectContainerCmd(container).exec());
            } catch (InternalServerErrorException e) {
                if (attempt == TIMES_INSPECTED
                        || !ENDED_MEANWHILE.matcher(Engine.reason(e)).find()) {
                    throw e;
                }
                log.atDebug().addKeyValue("container", container).log("ended while the engine looked at it");
                LockSupport.parkNanos(INSPECT_AGAIN.toNanos());
            }
        }
    }

    /** Removes a container with its volumes that have no name, running or not; one that is not there is fine. */
    static void remove(Engine engine, String container) {
        try {
            engine.tell(client -> client.removeContainerCmd(container)
                    .withForce(true)
                    .withRemoveVolumes(true)
                    .exec());
        } catch (NotFoundException gone) {
            log.atDebug().addKeyValue("container", container).log("was gone already");
        } catch (ConflictException goingAway) {
            log.atDebug().addKeyValue("container", container).log("is being removed already");
        }
    }

    /** The containers that the jobs of a data directory have, running or not. */
    static List<Container> of(Engine engine, Labels labels) {
        return engine.ask(client -> client.listContainersCmd()
                .withShowAll(true)
                .withLabelFilter(Map.of(Labels.DATA, labels.data()))
                .exec());
    }
}
