package dev.flynn.network;

import java.io.IOException;

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

    private HostNetwork(HostNetworkConfig config, Bridge bridge, Firewall firewall, BridgedJobNetwork jobs) {
        this.config = config;
        this.bridge = bridge;
        this.firewall = firewall;
        this.jobs = jobs;
    }

    /**
     * Makes what is missing.
     *
     * @throws dev.flynn.api.error.FlynnException {@code SERVICE_UNAVAILABLE} naming what this machine lacks
     */
    public static HostNetwork open(HostNetworkConfig config) throws IOException {
        var commands = new Commands(config.namespace());
        commands.requireTools();
        var bridge = new Bridge(commands, config.bridge());
        bridge.ensure(config.subnet(), config.mtu());
        var firewall = new Firewall(commands, config.bridge());
        firewall.ensure(config.network(), config.subnet());
        return new HostNetwork(config, bridge, firewall, BridgedJobNetwork.open(config, commands));
    }

    public JobNetwork jobs() {
        return jobs;
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
    }

    /** Takes everything away: the jobs' networks, the rules, the bridge. Ends this object. */
    public void remove() throws IOException {
        jobs.remove();
        firewall.remove();
        bridge.remove();
    }
}
