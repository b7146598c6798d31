package dev.flynn.spi.component;

import java.nio.file.Path;
import java.time.Clock;
import org.apiguardian.api.API;

/**
 * What a component is told about its surroundings.
 *
 * @param hostId the host that it runs on
 * @param dataDirectory a directory of its own, which exists and outlives restarts
 * @param clock where it takes the time from
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ComponentContext(String hostId, Path dataDirectory, Clock clock) {}
