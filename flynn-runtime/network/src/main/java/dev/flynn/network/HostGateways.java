package dev.flynn.network;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Packets between hosts travel as they are: each host is the router to its jobs for the others. */
final class HostGateways implements Overlay {

    /** The number by which we know routes of ours. */
    static final int PROTOCOL = 109;

    private final Commands commands;
    private final Ipv4Network network;
    private final Uplink uplink;

    /** The source of what this host itself sends to jobs elsewhere, so that their host lets it pass. */
    private final String source;

    HostGateways(Commands commands, OverlayConfig config, SubnetLease lease, Uplink uplink) {
        this.commands = commands;
        this.network = config.range();
        this.uplink = uplink;
        this.source = lease.range().gateway();
    }

    @Override
    public int mtu() {
        return uplink.mtu();
    }

    @Override
    public synchronized void reconcile(Collection<SubnetLease> others) throws IOException {
        Forwarding wanted = Forwarding.wantedHostGateways(others);
        Forwarding observed = Forwarding.observed(commands.sh("ip -4 route show proto " + PROTOCOL))
                .within(network);
        List<String> lines = new ArrayList<>(
                observed.minus(wanted).routeLines("del", "dev %s proto %d".formatted(uplink.device(), PROTOCOL)));
        lines.addAll(wanted.minus(observed)
                .routeLines("replace", "dev %s src %s proto %d".formatted(uplink.device(), source, PROTOCOL)));
        commands.ip(lines);
    }

    @Override
    public void remove() throws IOException {
        reconcile(List.of());
    }
}
