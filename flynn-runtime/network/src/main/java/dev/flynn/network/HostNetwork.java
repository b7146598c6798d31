package dev.flynn.network;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The network of one host's jobs: a bridge, the way from it to the world, and a {@link JobNetwork}.
 *
 * <p>Opening it again finds all as it was, and mends what is not. Closing it leaves the jobs' networks as they are; only
 * {@link #remove} takes everything away. Thread-safe.
 */
public final class HostNetwork implements AutoCloseable {

    private final HostNetworkConfig config;
    private final Bridge bridge;
    private final Firewall firewall;
    private final BridgedJobNetwork jobs;
    private final DeviceOwner owner;

    private HostNetwork(
            HostNetworkConfig config, Bridge bridge, Firewall firewall, BridgedJobNetwork jobs, DeviceOwner owner) {
        this.config = config;
        this.bridge = bridge;
        this.firewall = firewall;
        this.jobs = jobs;
        this.owner = owner;
    }

    /**
     * Makes what is missing.
     *
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} naming what this machine lacks; {@code CONFLICT} if
     *     another host on this machine, which runs, has the bridge
     */
    public static HostNetwork open(HostNetworkConfig config) throws IOException {
        DeviceOwner owner = DeviceOwner.of(config.directory());
        try {
            return open(config, owner);
        } catch (IOException | RuntimeException e) {
            owner.close();
            throw e;
        }
    }

    /** @param owner is closed with this object */
    static HostNetwork open(HostNetworkConfig config, DeviceOwner owner) throws IOException {
        var commands = new Commands(config.namespace());
        commands.requireTools();
        var bridge = new Bridge(commands, config.bridge());
        bridge.claim(owner);
        bridge.ensure(config.subnet(), config.mtu());
        var firewall = new Firewall(commands, config.bridge());
        firewall.ensure(config.network(), config.subnet());
        return new HostNetwork(config, bridge, firewall, BridgedJobNetwork.open(config, commands), owner);
    }

    String bridge() {
        return config.bridge();
    }

    public JobNetwork jobs() {
        return jobs;
    }

    /** From now on jobs that have no network get none, or, if there is no reason, they do. */
    void refuse(@Nullable String reason) {
        jobs.refuse(reason);
    }

    /** Mends the bridge and the rules if somebody has changed them; cheap if nobody has. */
    public void check() throws IOException {
        bridge.ensure(config.subnet(), config.mtu());
        firewall.check(config.network(), config.subnet());
        jobs.check();
    }

    /** Ends this object; jobs keep their networks. */
    @Override
    public void close() {
        jobs.close();
        owner.close();
    }

    /** Takes everything away: the jobs' networks, the rules, the bridge. Ends this object. */
    public void remove() throws IOException {
        jobs.remove();
        firewall.remove();
        bridge.remove();
        owner.remove();
    }
}
