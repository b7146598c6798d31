package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.NamedThreads;
import dev.flynn.state.ClusterState;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A host's part in its cluster's network: its subnet, the jobs in it, and the ways to the other hosts' jobs, which follow
 * the leases in the store.
 *
 * <p>Closing it leaves everything as it is, so that jobs go on while the host agent restarts; {@link #remove} takes
 * everything away but the lease. Thread-safe.
 */
public final class ClusterNetwork implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ClusterNetwork.class);

    /** After a failure it is tried again sooner than it is checked. */
    private static final Duration RETRY = Duration.ofSeconds(5);

    private final ClusterNetworkConfig config;
    private final OverlayConfig overlayConfig;
    private final SubnetLease lease;
    private final Overlay overlay;
    private final HostNetwork host;
    private final TableView<SubnetLease> leases;
    private final Thread follower;
    private final Object lock = new Object();

    // guarded by lock
    private boolean changed;
    private boolean closed;

    /** Why jobs get no addresses any more; null if they do. */
    private volatile @Nullable String refusal;

    private ClusterNetwork(
            ClusterNetworkConfig config,
            OverlayConfig overlayConfig,
            SubnetLease lease,
            Overlay overlay,
            HostNetwork host,
            SubnetLeases leases) {
        this.config = config;
        this.overlayConfig = overlayConfig;
        this.lease = lease;
        this.overlay = overlay;
        this.host = host;
        this.leases = leases.view(this::leasesChanged);
        this.follower = new NamedThreads("network-overlay").newThread(this::follow);
    }

    /**
     * Joins the cluster's network; jobs of all hosts can be reached when it returns.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} naming what this machine lacks; {@code NO_CAPACITY} if all subnets
     *     are leased; {@code CONFLICT} if the network is in use on this machine
     */
    public static ClusterNetwork open(ClusterState state, ClusterNetworkConfig config) throws IOException {
        var commands = new Commands(config.namespace());
        commands.requireTools();
        var leases = new SubnetLeases(state);
        OverlayConfig overlayConfig = leases.configure(config.overlay());
        DeviceOwner owner = DeviceOwner.of(config.directory());
        try {
            Map<String, Link> links = Link.byName(commands.sh("ip -d -o link show"));
            boolean isAlone = isAlone(config.publicIp());
            String bridge = isAlone && config.bridge().equals(HostNetworkConfig.DEFAULT_BRIDGE)
                    ? Bridge.choose(links, owner)
                    : config.bridge();
            Set<Ipv4Network> used = new Remnants(overlayConfig, bridge, owner, isAlone).remove(commands, links);
            SubnetLease lease = leases.acquire(config.hostId(), config.publicIp(), overlayConfig, used);
            if (used.stream().anyMatch(lease.range()::overlaps)) {
                throw FlynnException.conflict(
                        "this host's subnet %s is in use by somebody else on this machine; 'ip route' shows by whom"
                                .formatted(lease.subnet()));
            }
            return join(commands, config, bridge, overlayConfig, leases, lease, owner);
        } catch (IOException | RuntimeException e) {
            owner.close();
            throw e;
        }
    }

    private static ClusterNetwork join(
            Commands commands,
            ClusterNetworkConfig config,
            String bridge,
            OverlayConfig overlayConfig,
            SubnetLeases leases,
            SubnetLease lease,
            DeviceOwner owner)
            throws IOException {
        Overlay overlay = overlay(commands, overlayConfig, lease, owner);
        HostNetwork host = HostNetwork.open(
                HostNetworkConfig.builder(overlayConfig.range(), lease.range(), config.directory())
                        .namespace(config.namespace())
                        .bridge(bridge)
                        .mtu(overlayConfig.mtu(overlay.mtu()))
                        .spares(config.spares())
                        .ipv6(config.ipv6())
                        .build(),
                owner);
        ClusterNetwork network = null;
        try {
            network = new ClusterNetwork(config, overlayConfig, lease, overlay, host, leases);
            network.overlay.reconcile(network.others());
            network.follower.start();
            log.atInfo()
                    .addKeyValue("network", overlayConfig.network())
                    .addKeyValue("subnet", lease.subnet())
                    .addKeyValue("backend", overlayConfig.backend())
                    .addKeyValue("mtu", host.jobs().mtu())
                    .log("jobs of this host have addresses");
            return network;
        } catch (IOException | RuntimeException e) {
            if (network != null) {
                network.leases.close();
            }
            host.close();
            throw e;
        }
    }

    /** Whether nobody else can reach a host with this address. */
    static boolean isAlone(String publicIp) {
        return publicIp.startsWith("127.");
    }

    private static Overlay overlay(Commands commands, OverlayConfig config, SubnetLease lease, DeviceOwner owner)
            throws IOException {
        Uplink uplink = Uplink.find(commands, lease.publicIp());
        if (isAlone(lease.publicIp())) {
            return Overlay.none(uplink.mtu());
        }
        return switch (config.overlayBackend()) {
            case VXLAN -> VxlanOverlay.open(commands, config, lease, uplink, owner);
            case HOST_GW -> new HostGateways(commands, config, lease, uplink);
            case ALLOC -> Overlay.none(uplink.mtu());
        };
    }

    /** The networks of this host's jobs. */
    public JobNetwork jobs() {
        return host.jobs();
    }

    /** The name of the bridge that joins the jobs of this host. */
    public String bridge() {
        return host.bridge();
    }

    /** The part of the network that this host has. */
    public SubnetLease lease() {
        return lease;
    }

    /**
     * Why no job may start in this host's subnet any more; empty if it may. {@link #jobs()} refuses with the same words;
     * whoever gives out addresses in its place asks here.
     */
    public Optional<String> refusal() {
        return Optional.ofNullable(refusal);
    }

    /** What the cluster's network is. */
    public OverlayConfig overlay() {
        return overlayConfig;
    }

    @Override
    public void close() {
        synchronized (lock) {
            if (closed) {
                return;
            }
            closed = true;
            lock.notifyAll();
        }
        leases.close();
        boolean interrupted = false;
        while (follower.isAlive()) {
            try {
                follower.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        host.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes everything on this machine away, the jobs' networks too. Ends this object. */
    public void remove() throws IOException {
        close();
        overlay.remove();
        host.remove();
    }

    // ---- following the leases

    private List<SubnetLease> others() {
        return leases.records().values().stream()
                .map(Versioned::value)
                .filter(other -> !other.hostId().equals(config.hostId()))
                .toList();
    }

    /** A subnet that is another host's, or may be soon, gets no more jobs of this one. */
    private void checkLease() {
        Optional<String> holder = leases.records().values().stream()
                .map(Versioned::value)
                .filter(other -> other.subnet().equals(lease.subnet()))
                .map(SubnetLease::hostId)
                .findFirst();
        if (holder.equals(Optional.of(config.hostId()))) {
            refuse(null);
            return;
        }
        String reason = "the subnet %s is not this host's any more: %s"
                .formatted(
                        lease.subnet(),
                        holder.map(other -> "host \"" + other + "\" has it")
                                .orElse("it was given back, as by 'flynn-host remove %s'".formatted(config.hostId())));
        refuse(reason);
        log.atError().addKeyValue("reason", reason).log("jobs get no addresses on this host any more");
    }

    private void refuse(@Nullable String reason) {
        refusal = reason;
        host.refuse(reason);
    }

    private void leasesChanged() {
        synchronized (lock) {
            changed = true;
            lock.notifyAll();
        }
    }

    private void follow() {
        Duration patience = config.checkEvery();
        while (awaitChange(patience)) {
            try {
                checkLease();
                overlay.reconcile(others());
                host.check();
                patience = config.checkEvery();
            } catch (IOException | RuntimeException e) {
                patience = RETRY;
                log.atWarn()
                        .addKeyValue("reason", e.getMessage())
                        .log("the ways to other hosts' jobs are not as they should be");
            }
        }
    }

    /** False when there is nothing to follow any more. */
    private boolean awaitChange(Duration patience) {
        long deadline = System.nanoTime() + patience.toNanos();
        synchronized (lock) {
            while (!closed && !changed) {
                long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
                if (left <= 0) {
                    break;
                }
                try {
                    lock.wait(left);
                } catch (InterruptedException e) {
                    log.atDebug().log("interrupted; going on, only closing ends this thread");
                }
            }
            changed = false;
            return !closed;
        }
    }
}
