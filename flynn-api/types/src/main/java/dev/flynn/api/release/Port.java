package dev.flynn.api.release;

import dev.flynn.api.error.FlynnException;
import java.util.Optional;
import org.apiguardian.api.API;

/**
 * A port that a job listens on.
 *
 * @param port 0 to 65535; 0 lets the host assign one
 * @param proto {@code tcp} or {@code udp}
 * @param service what to register in discovery once the job answers there
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Port(int port, String proto, Optional<Service> service) {

    public Port {
        if (port < 0 || port > 65_535) {
            throw FlynnException.invalidField("port", "must be 0 to 65535, was " + port);
        }
        if (!proto.equals("tcp") && !proto.equals("udp")) {
            throw FlynnException.invalidField("proto", "must be tcp or udp, was \"" + proto + "\"");
        }
    }

    public Port withPort(int assigned) {
        return new Port(assigned, proto, service);
    }
}
