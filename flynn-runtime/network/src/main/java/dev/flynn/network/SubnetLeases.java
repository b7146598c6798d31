package dev.flynn.network;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Table;
import dev.flynn.state.TableView;
import dev.flynn.state.Versioned;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which host has which part of the cluster's network, in the store: {@code subnets/100.100.7.0-24} is a {@link SubnetLease},
 * {@code network/config} the {@link OverlayConfig}. Thread-safe.
 */
public final class SubnetLeases {

    private static final Logger log = LoggerFactory.getLogger(SubnetLeases.class);
    private static final String CONFIG = "config";

    /** So many free subnets are enough to choose among, so that hosts which start together seldom choose the same. */
    private static final int CANDIDATES = 100;

    private final ClusterState state;
    private final Table<OverlayConfig> configs;
    private final Table<SubnetLease> leases;
    private final Random random;

    public SubnetLeases(ClusterState state) {
        this(state, new Random());
    }

    SubnetLeases(ClusterState state, Random random) {
        this.state = state;
        this.configs = state.table("network/", OverlayConfig.class);
        this.leases = state.table("subnets/", SubnetLease.class);
        this.random = random;
    }

    /** Decides how the cluster's network is, if nobody has before; returns what was decided. */
    public OverlayConfig configure(OverlayConfig wanted) {
        while (true) {
            Optional<Versioned<OverlayConfig>> decided = configs.find(CONFIG);
            if (decided.isPresent()) {
                if (!decided.get().value().equals(wanted)) {
                    log.atInfo()
                            .addKeyValue("decided", decided.get().value())
                            .addKeyValue("wanted", wanted)
                            .log("the cluster has a network, which stays");
                }
                return decided.get().value();
            }
            Transaction.Builder transaction = Transaction.builder();
            configs.create(transaction, CONFIG, wanted);
            if (state.commit(transaction).committed()) {
                return wanted;
            }
        }
    }

    /**
     * Gives a host the lease that it had, as it is now, or a new one. A host is known by its id; one that came back with
     * another id, by its address.
     *
     * @throws FlynnException {@code NO_CAPACITY} if all subnets are in use
     */
    public SubnetLease acquire(String hostId, String publicIp, OverlayConfig config) {
        return acquire(hostId, publicIp, config, Set.of());
    }

    /** @param unavailable subnets that this host cannot have, because somebody else on its machine has them */
    SubnetLease acquire(String hostId, String publicIp, OverlayConfig config, Set<Ipv4Network> unavailable) {
        while (true) {
            List<Versioned<SubnetLease>> all = leases.list();
            Optional<Versioned<SubnetLease>> own = own(all, hostId, publicIp, config.overlayBackend());
            Transaction.Builder transaction = Transaction.builder();
            SubnetLease wanted;
            if (own.isPresent()) {
                SubnetLease old = own.get().value();
                wanted = new SubnetLease(
                        hostId, publicIp, old.subnet(), config.backend(), vtepMac(config, old.vtepMac()), old.since());
                if (wanted.equals(old)) {
                    return old;
                }
                leases.replace(transaction, own.get(), wanted);
            } else {
                Ipv4Network subnet = choose(config, all, unavailable);
                wanted = new SubnetLease(
                        hostId,
                        publicIp,
                        subnet.toString(),
                        config.backend(),
                        vtepMac(config, Optional.empty()),
                        state.clock().instant().truncatedTo(ChronoUnit.SECONDS));
                leases.create(transaction, wanted.id(), wanted);
            }
            if (state.commit(transaction).committed()) {
                return wanted;
            }
        }
    }

    /** Takes a host's lease away, when it leaves the cluster for good; nothing else ends a lease. */
    public void release(String hostId) {
        boolean done;
        do {
            Transaction.Builder transaction = Transaction.builder();
            List<Versioned<SubnetLease>> own = leases.list().stream()
                    .filter(lease -> lease.value().hostId().equals(hostId))
                    .toList();
            own.forEach(lease -> leases.remove(transaction, lease));
            done = own.isEmpty() || state.commit(transaction).committed();
        } while (!done);
    }

    /** All leases, ordered by subnet as text. */
    public List<SubnetLease> list() {
        return leases.list().stream().map(Versioned::value).toList();
    }

    /** A live copy of all leases; the caller closes it. */
    TableView<SubnetLease> view(Runnable onChange) {
        return leases.view(onChange);
    }

    private static Optional<Versioned<SubnetLease>> own(
            List<Versioned<SubnetLease>> all, String hostId, String publicIp, OverlayBackend backend) {
        Optional<Versioned<SubnetLease>> byId = all.stream()
                .filter(lease -> lease.value().hostId().equals(hostId))
                .findFirst();
        if (byId.isPresent() || backend == OverlayBackend.ALLOC || ClusterNetwork.isAlone(publicIp)) {
            // where nothing leads from host to host, several may be on one machine
            return byId;
        }
        return all.stream()
                .filter(lease -> lease.value().publicIp().equals(publicIp))
                .findFirst();
    }

    private Ipv4Network choose(OverlayConfig config, List<Versioned<SubnetLease>> all, Set<Ipv4Network> unavailable) {
        List<Ipv4Network> free = free(
                config,
                Stream.concat(all.stream().map(lease -> lease.value().range()), unavailable.stream())
                        .toList(),
                CANDIDATES);
        if (free.isEmpty()) {
            throw new FlynnException(
                    ErrorCode.NO_CAPACITY,
                    "all %d subnets from %s to %s are leased; remove hosts that are gone from the cluster"
                            .formatted(all.size(), config.firstSubnet(), config.lastSubnet()));
        }
        return free.get(random.nextInt(free.size()));
    }

    /** The first free subnets in ascending order. */
    static List<Ipv4Network> free(OverlayConfig config, Collection<Ipv4Network> taken, int limit) {
        List<Ipv4Network> free = new ArrayList<>();
        Ipv4Network last = config.lastSubnet();
        for (Ipv4Network next = config.firstSubnet(); free.size() < limit; next = next.plus(1)) {
            if (taken.stream().noneMatch(next::overlaps)) {
                free.add(next);
            }
            if (next.equals(last)) {
                break;
            }
        }
        return free;
    }

    private Optional<String> vtepMac(OverlayConfig config, Optional<String> known) {
        if (config.overlayBackend() != OverlayBackend.VXLAN) {
            return Optional.empty();
        }
        return known.or(() -> Optional.of(HardwareAddress.random(0x0a, random)));
    }
}
