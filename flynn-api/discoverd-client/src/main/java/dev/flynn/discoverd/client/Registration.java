package dev.flynn.discoverd.client;

import dev.flynn.api.discovery.Instance;
import java.util.Map;
import org.apiguardian.api.API;

/** An instance that stays registered until this is closed. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Registration extends AutoCloseable {

    String service();

    Instance instance();

    /** Whether discoverd took the last heartbeat. */
    boolean isConfirmed();

    /** Registers other metadata at once. */
    void setMeta(Map<String, String> meta);

    /** Stops the heartbeats and deregisters. Closing twice is fine. */
    @Override
    void close();
}
