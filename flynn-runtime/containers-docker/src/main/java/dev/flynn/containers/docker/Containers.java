package dev.flynn.containers.docker;

import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Container;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removing containers. */
final class Containers {

    private static final Logger log = LoggerFactory.getLogger(Containers.class);

    private Containers() {}

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
