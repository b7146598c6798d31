package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Packets between hosts travel in UDP packets. The kernel learns nothing by itself: where each host is, is written into its
 * tables, so that a packet never has to be sent to everybody.
 */
final class VxlanOverlay implements Overlay {

    /** What the outer packet needs. */
    static final int OVERHEAD = 50;

    private static final Pattern INET = Pattern.compile("\\binet (\\S+)");

    private final Commands commands;
    private final String device;
    private final int mtu;
    private final String mac;
    private final DeviceOwner owner;

    /** How {@code ip} describes, and is told, what cannot be changed later. */
    private final String properties;

    private final String port;
    private final String address;

    private VxlanOverlay(Commands commands, OverlayConfig config, SubnetLease lease, Uplink uplink, DeviceOwner owner) {
        this.commands = commands;
        this.device = device(config);
        this.owner = owner;
        this.mtu = uplink.mtu() - OVERHEAD;
        this.mac = lease.vtepMac().orElseThrow(() -> new IllegalStateException("a lease of vxlan has an address"));
        this.properties = "vxlan id %d %sdev %s"
                .formatted(config.vni(), uplink.local() ? "local " + lease.publicIp() + " " : "", uplink.device());
        this.port = "dstport " + config.udpPort();
        // that of the subnet, with the length of the whole network
        this.address = lease.range().address() + "/" + config.range().length();
    }

    static String device(OverlayConfig config) {
        return "flannel." + config.vni();
    }

    /**
     * Makes the device, or finds it; one with other properties is replaced.
     *
     * @throws FlynnException {@code CONFLICT} if somebody else has such a device
     */
    static VxlanOverlay open(
            Commands commands, OverlayConfig config, SubnetLease lease, Uplink uplink, DeviceOwner owner)
            throws IOException {
        var overlay = new VxlanOverlay(commands, config, lease, uplink, owner);
        overlay.ensureDevice();
        return overlay;
    }

    private void ensureDevice() throws IOException {
        String shown = commands.sh("""
                ip -d -o link show dev %1$s 2>/dev/null || exit 0
                ip -4 -o address show dev %1$s
                """.formatted(device));
        List<String> lines = new ArrayList<>();
        boolean there = !shown.isBlank();
        if (there && !DeviceOwner.isMarked(shown)) {
            throw FlynnException.conflict(
                    "this host has an interface %s that is not ours; choose another vni for the overlay network"
                            .formatted(device));
        }
        owner.requireNoOther(device, shown);
        if (there && !has(shown, properties, port, "nolearning")) {
            lines.add("link del " + device);
            there = false;
        }
        if (!there) {
            lines.add("link add %s address %s type %s %s nolearning".formatted(device, mac, properties, port));
        }
        if (!there || !(shown + " ").contains("alias " + owner.alias())) {
            lines.add("link set dev %s alias %s".formatted(device, owner.alias()));
        }
        if (!there || !has(shown, "mtu " + mtu, "link/ether " + mac) || !shown.contains(",UP,")) {
            lines.add("link set dev %s addrgenmode none mtu %d address %s up".formatted(device, mtu, mac));
        }
        lines.addAll(addressChanges(there ? shown : ""));
        try {
            commands.ip(lines);
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "cannot make the interface %s; the kernel needs vxlan: %s".formatted(device, e.getMessage()), e);
        }
    }

    private static boolean has(String shown, String... words) {
        return Arrays.stream(words).allMatch(word -> shown.contains(word + " "));
    }

    private List<String> addressChanges(String shown) {
        List<String> lines = new ArrayList<>();
        boolean there = false;
        Matcher matcher = INET.matcher(shown);
        while (matcher.find()) {
            if (matcher.group(1).equals(address)) {
                there = true;
            } else {
                lines.add("address del %s dev %s".formatted(matcher.group(1), device));
            }
        }
        if (!there) {
            lines.add("address add %s dev %s".formatted(address, device));
        }
        return lines;
    }

    @Override
    public int mtu() {
        return mtu;
    }

    @Override
    public synchronized void reconcile(Collection<SubnetLease> others) throws IOException {
        ensureDevice();
        Forwarding wanted = Forwarding.wantedVxlan(others);
        Forwarding observed = observe();
        Forwarding surplus = observed.minus(wanted);
        Forwarding missing = wanted.minus(observed);
        List<String> entries = new ArrayList<>(surplus.entryLines("del", device));
        entries.addAll(missing.entryLines("append", device));
        List<String> lines = new ArrayList<>(surplus.routeLines("del", "dev " + device));
        lines.addAll(surplus.neighbourLines("del", device));
        lines.addAll(missing.neighbourLines("replace", device));
        lines.addAll(missing.routeLines("replace", "dev %s onlink".formatted(device)));
        commands.bridge(entries);
        commands.ip(lines);
    }

    private Forwarding observe() throws IOException {
        return Forwarding.observed(commands.sh("""
                bridge fdb show dev %1$s
                ip -4 neigh show dev %1$s nud permanent
                ip -4 route show dev %1$s
                """.formatted(device)));
    }

    @Override
    public void remove() throws IOException {
        commands.sh("ip link show dev %1$s >/dev/null 2>&1 || exit 0; ip link del %1$s".formatted(device));
    }
}
