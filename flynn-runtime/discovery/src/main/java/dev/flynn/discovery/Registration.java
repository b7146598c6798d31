package dev.flynn.discovery;

import dev.flynn.api.discovery.Instance;
import java.util.Map;
import java.util.Optional;

/** An instance that stays registered until this is closed. */
public interface Registration extends AutoCloseable {

    String service();

    /** The instance as discovery last confirmed it, with its index; empty until it did. */
    Optional<Instance> instance();

    /** Registers other metadata at once; the instance keeps its index. */
    void setMeta(Map<String, String> meta);

    /** Stops the heartbeats and deregisters. Closing twice is fine. */
    @Override
    void close();
}
