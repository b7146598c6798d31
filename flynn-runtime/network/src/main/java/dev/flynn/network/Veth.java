package dev.flynn.network;

import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * What the kernel is told about the network of one job: a namespace whose {@code eth0} is one end of a pair, while the other
 * end is a port of the bridge. The other end is named after the address, and so is {@code eth0}'s hardware address: who
 * remembers where an address was is right about the next one who has it.
 */
final class Veth {

    /** Ports that are to go are put into this group of interfaces, and the kernel removes them in one go. */
    private static final int DOOMED = 26_220;

    private static final String PREFIX = "fly";
    private static final Pattern NAME = Pattern.compile(PREFIX + "[0-9a-f]{8}");

    private final HostNetworkConfig config;
    private final JobDirectory directory;

    Veth(HostNetworkConfig config, JobDirectory directory) {
        this.config = config;
        this.directory = directory;
    }

    static String name(int address) {
        return PREFIX + "%08x".formatted(address);
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    static int address(String name) {
        return Integer.parseUnsignedInt(name.substring(PREFIX.length()), 16);
    }

    /** A script that makes the networks with these addresses, one after the other. */
    String make(List<Integer> addresses) {
        return addresses.stream().map(this::make).collect(Collectors.joining())
                + addresses.stream()
                        .map(address -> attach(name(address)))
                        .collect(Collectors.joining("\n", "ip -batch - <<END\n", "\nEND\n"));
    }

    private String make(int address) {
        Path file = directory.namespace(address);
        String ipv6 = config.ipv6() ? "0" : "1";
        return """
                : >%1$s
                unshare --net=%1$s sh -e -c 'for i in all default; do
                  f=/proc/sys/net/ipv6/conf/$i/disable_ipv6; [ ! -e $f ] || echo %2$s >$f
                done
                exec ip -batch -' <<END
                link set lo up
                link add eth0 mtu %3$d address 0a:58:%4$02x:%5$02x:%6$02x:%7$02x type veth peer name %8$s mtu %3$d netns %9$s
                link set eth0 up
                address add %10$s/%11$d broadcast + dev eth0
                route add default via %12$s
                END
                """.formatted(
                        file,
                        ipv6,
                        config.mtu(),
                        address >>> 24,
                        address >>> 16 & 0xff,
                        address >>> 8 & 0xff,
                        address & 0xff,
                        name(address),
                        config.namespace().reference(),
                        Ipv4.format(address),
                        config.subnet().length(),
                        config.subnet().gateway());
    }

    /** A line of {@code ip} that makes the host's end a port of the bridge. */
    String attach(String name) {
        return "link set dev %s addrgenmode none master %s up".formatted(name, config.bridge());
    }

    /** A script that takes these networks away as far as they are there, and prints the host's ends that stay. */
    String unmake(List<Integer> addresses) {
        String marks = addresses.stream()
                .map(address -> "link set dev %s group %d\n".formatted(name(address), DOOMED))
                .collect(Collectors.joining());
        String files = addresses.stream()
                .map(address -> directory.namespace(address).toString())
                .collect(Collectors.joining(" "));
        return """
                ip -force -batch - 2>/dev/null <<END || :
                %slink del group %d
                END
                umount -l %s 2>/dev/null || :
                ip -o link show type veth
                """.formatted(marks, DOOMED, files);
    }
}
