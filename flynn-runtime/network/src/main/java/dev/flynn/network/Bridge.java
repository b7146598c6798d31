package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The bridge that joins the jobs of a host; it has the host's address among them. */
final class Bridge {

    private static final Pattern INET = Pattern.compile("\\binet (\\S+)");

    /** So many hosts find a bridge on one machine by themselves. */
    private static final int CHOICE = 100;

    private final Commands commands;
    private final String name;
    private String alias = DeviceOwner.MARK;

    Bridge(Commands commands, String name) {
        this.commands = commands;
        this.name = name;
    }

    /**
     * The name of a bridge for a host that shares its machine: the one that it has already, else the first of
     * {@code flynnbr0}, {@code flynnbr1} and so on that no other host has.
     *
     * @param links all of the machine
     */
    static String choose(Map<String, Link> links, DeviceOwner owner) {
        List<String> names = IntStream.range(0, CHOICE)
                .mapToObj(number -> HostNetworkConfig.DEFAULT_BRIDGE.replace("0", String.valueOf(number)))
                .toList();
        return names.stream()
                .filter(name -> shown(links, name).filter(owner::isOwner).isPresent())
                .findFirst()
                .or(() -> names.stream()
                        .filter(name -> shown(links, name).flatMap(owner::other).isEmpty())
                        .findFirst())
                .orElse(HostNetworkConfig.DEFAULT_BRIDGE);
    }

    private static Optional<String> shown(Map<String, Link> links, String name) {
        return Optional.ofNullable(links.get(name)).map(Link::attributes);
    }

    /**
     * Takes it for a host, which says so on it; whether it is there already does not matter.
     *
     * @throws FlynnException {@code CONFLICT} if another host has it
     */
    void claim(DeviceOwner owner) throws IOException {
        owner.requireNoOther(name, commands.sh("ip -o link show dev %s 2>/dev/null || :".formatted(name)));
        alias = owner.alias();
    }

    /**
     * Makes it so: there, up, with this one address. A new bridge gets a hardware address of its own, because one that
     * changed with its ports would be unknown to the jobs for a while.
     */
    void ensure(Ipv4Network subnet, int mtu) throws IOException {
        String wanted = subnet.gateway() + "/" + subnet.length();
        String addresses;
        try {
            addresses = commands.sh("""
                    [ -n "$(ip -o link show dev %1$s type bridge 2>/dev/null)" ] || ip link add %1$s address %2$s type bridge
                    ip link set dev %1$s alias %4$s addrgenmode none mtu %3$d up
                    [ "$(cat /proc/sys/net/ipv4/ip_forward)" = 1 ] || echo 1 >/proc/sys/net/ipv4/ip_forward
                    ip -4 -o address show dev %1$s
                    """.formatted(name, HardwareAddress.random(0xfe, new Random()), mtu, alias));
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "cannot make the bridge %s; another name may help: %s".formatted(name, e.getMessage()), e);
        }
        commands.ip(addressChanges(addresses, wanted));
    }

    /** What {@code ip} has to do so that a bridge with these addresses has the wanted one only. */
    List<String> addressChanges(String addresses, String wanted) {
        List<String> changes = new ArrayList<>();
        boolean there = false;
        Matcher matcher = INET.matcher(addresses);
        while (matcher.find()) {
            if (matcher.group(1).equals(wanted)) {
                there = true;
            } else {
                changes.add("address del %s dev %s".formatted(matcher.group(1), name));
            }
        }
        if (!there) {
            changes.add("address add %s broadcast + dev %s".formatted(wanted, name));
        }
        return changes;
    }

    void remove() throws IOException {
        commands.sh("ip link show dev %1$s >/dev/null 2>&1 || exit 0; ip link del %1$s".formatted(name));
    }
}
