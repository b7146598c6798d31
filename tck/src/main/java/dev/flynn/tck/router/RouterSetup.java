package dev.flynn.tck.router;

import dev.flynn.spi.router.RouteTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * How the kit wants a router to be opened. It listens on 127.0.0.1, on ports that the machine chooses.
 *
 * @param directory of the test, for whatever the router has to keep
 * @param cookieKey 32 bytes; routers with the same key understand each other's sticky sessions
 * @param defaultCertificate if there is one, the router listens for TLS as well
 * @param closeGrace how long requests in flight may go on when the router closes
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record RouterSetup(
        Path directory, byte[] cookieKey, Optional<RouteTable.Certificate> defaultCertificate, Duration closeGrace) {}
