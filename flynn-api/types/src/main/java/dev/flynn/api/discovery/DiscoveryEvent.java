package dev.flynn.api.discovery;

import java.util.Optional;
import org.apiguardian.api.API;

/** A change of a service, in the order in which it happened (contract: layer 0, Event streams). */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public sealed interface DiscoveryEvent {

    String service();

    record Up(String service, Instance instance) implements DiscoveryEvent {}

    /** The metadata of a registered instance changed. */
    record Update(String service, Instance instance) implements DiscoveryEvent {}

    record Down(String service, Instance instance) implements DiscoveryEvent {}

    /** The leader changed; empty when the last instance is gone. */
    record Leader(String service, Optional<Instance> instance) implements DiscoveryEvent {}

    record Meta(String service, ServiceMeta meta) implements DiscoveryEvent {}

    /** Everything that was true when the watch began has been told; what follows are changes. */
    record Current(String service) implements DiscoveryEvent {}
}
