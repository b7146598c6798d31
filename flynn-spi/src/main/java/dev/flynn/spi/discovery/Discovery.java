package dev.flynn.spi.discovery;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.discovery.ServiceMeta;
import dev.flynn.spi.component.Subscription;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apiguardian.api.API;

/**
 * Where services live: registrations that expire, leaders, metadata (contract: layer 0, discoverd).
 *
 * <p>Promises, each with a test in the TCK:
 *
 * <ul>
 *   <li>DI-1 A service is lower-case letters, digits and dashes; creating one that exists is {@code OBJECT_EXISTS}.
 *   <li>DI-2 A registration that returned is seen by every read that begins later.
 *   <li>DI-3 An instance keeps its index from its first registration until it is gone; later registrations have greater
 *       ones. Registering again with other metadata updates it; with the same it is only a heartbeat.
 *   <li>DI-4 An instance that is not registered again expires after {@link #ttl}, within two seconds of it, never before.
 *   <li>DI-5 After a restart of discovery nothing expires before twice the TTL has passed.
 *   <li>DI-6 The leader of an {@code OLDEST} service is the instance with the smallest index.
 *   <li>DI-7 The leader of a {@code MANUAL} service is what was set; it is absent while that instance is gone.
 *   <li>DI-8 Metadata changes by compare-and-set: index 0 creates, any other must be the current one.
 *   <li>DI-9 A watch tells what is true now (instances by index, leader, metadata), then {@code Current}, then every
 *       change in order, none missed, a change of an instance before the change of leader that follows from it.
 *   <li>DI-10 Watching a service that does not exist is fine: only {@code Current} comes, until something registers.
 *   <li>DI-11 Removing a service tells {@code Down} for each of its instances and forgets them and its metadata.
 *   <li>DI-12 A watch of everything tells of each service what its own watch would, its {@code Current} included, then the
 *       {@code Current} of {@link #EVERYTHING}, then every change of every service, those of one service as in DI-9.
 *   <li>DI-13 With {@code SHARED}, many processes open discovery of one cluster and see the same. An instance may send its
 *       heartbeats to any of them; the one that took the last is the only one to expire it. When that process is gone, its
 *       instances expire: never before the TTL after their last heartbeat, at the latest twice the TTL and two seconds
 *       after the process's end. A process that stood still, and comes back, takes heartbeats again.
 *   <li>DI-14 Metadata and a leader that is set by hand can change in one step: both or neither.
 * </ul>
 *
 * <p>Implementations are thread-safe.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface Discovery extends AutoCloseable {

    /** The usual time a registration lives without being renewed. */
    Duration DEFAULT_TTL = Duration.ofSeconds(10);

    /** The service name in the {@code Current} that says that a watch of everything has told what is true now. */
    String EVERYTHING = "";

    Set<DiscoveryCapability> capabilities();

    Duration ttl();

    /** @throws dev.flynn.api.error.FlynnException {@code OBJECT_EXISTS} or {@code VALIDATION} (DI-1) */
    void createService(String service, LeaderType leaderType);

    /** @throws dev.flynn.api.error.FlynnException {@code OBJECT_NOT_FOUND} */
    void removeService(String service);

    Set<String> services();

    /**
     * Registers an instance, or renews it.
     *
     * @return the instance with its index
     * @throws dev.flynn.api.error.FlynnException {@code OBJECT_NOT_FOUND} if the service does not exist
     */
    Instance register(String service, Instance instance);

    /** Removes an instance; one that is not registered is fine. */
    void deregister(String service, String instanceId);

    /** The living instances by index; empty also for a service that does not exist. */
    List<Instance> instances(String service);

    Optional<Instance> leader(String service);

    /** @throws dev.flynn.api.error.FlynnException {@code VALIDATION} unless the service's leader is set by hand */
    void setLeader(String service, String instanceId);

    Optional<ServiceMeta> meta(String service);

    /**
     * Writes metadata if {@code meta.index()} is the current index (DI-8).
     *
     * @return the metadata with its new index
     * @throws dev.flynn.api.error.FlynnException {@code OBJECT_EXISTS} for index 0 when there is metadata,
     *     {@code PRECONDITION_FAILED} for another index than the current one
     */
    ServiceMeta setMeta(String service, ServiceMeta meta);

    /**
     * Writes metadata and sets the leader, or does neither (DI-14).
     *
     * @return the metadata with its new index
     * @throws dev.flynn.api.error.FlynnException as {@link #setMeta} and {@link #setLeader}
     */
    ServiceMeta setMetaAndLeader(String service, ServiceMeta meta, String instanceId);

    Subscription watch(String service, DiscoveryWatcher watcher);

    /** Watches all services there are and will be (DI-12). */
    Subscription watchAll(DiscoveryWatcher watcher);

    @Override
    void close();
}
