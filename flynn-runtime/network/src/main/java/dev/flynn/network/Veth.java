package dev.flynn.network;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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

    private static final String MAKE = script("networks.pl");

    private final HostNetworkConfig config;
    private final JobDirectory directory;

    Veth(HostNetworkConfig config, JobDirectory directory) {
        this.config = config;
        this.directory = directory;
    }

    private static String script(String name) {
        try (InputStream script = requireNonNull(Veth.class.getResourceAsStream(name), name)) {
            return new String(script.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + name, e);
        }
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

    /** A command that makes the networks with these addresses, one after the other. */
    List<String> make(List<Integer> addresses) {
        List<String> command = new ArrayList<>(List.of(
                "perl",
                "-e",
                MAKE,
                System.getProperty("os.arch", ""),
                config.ipv6() ? "1" : "",
                String.valueOf(config.mtu()),
                config.bridge(),
                String.valueOf(config.subnet().length()),
                config.subnet().gateway()));
        for (int address : addresses) {
            command.add(directory.namespace(address).toString());
            command.add(Ipv4.format(address));
            command.add(name(address));
        }
        return command;
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
