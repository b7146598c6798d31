package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/** The address at which other machines reach this one: of the default route's interface, the first global IPv4 address. */
final class ExternalIp {

    private static final Path ROUTES = Path.of("/proc/net/route");
    private static final String ANYWHERE = "00000000";

    private ExternalIp() {}

    /** @throws FlynnException {@code VALIDATION} if there is none */
    static String find() {
        try {
            Optional<String> device = deviceOfDefaultRoute(Files.readAllLines(ROUTES));
            NetworkInterface found = device.isPresent() ? NetworkInterface.getByName(device.get()) : null;
            if (found != null) {
                for (InetAddress address : Collections.list(found.getInetAddresses())) {
                    if (address instanceof Inet4Address
                            && !address.isLoopbackAddress()
                            && !address.isLinkLocalAddress()) {
                        return address.getHostAddress();
                    }
                }
            }
        } catch (IOException e) {
            throw unknown(": " + e);
        }
        throw unknown("");
    }

    private static FlynnException unknown(String why) {
        return FlynnException.invalid(
                "this machine has no default route with an IPv4 address%s; say --external-ip, at which other hosts reach this one"
                        .formatted(why));
    }

    /** @param table as the kernel shows it: device, destination in hexadecimal, … */
    static Optional<String> deviceOfDefaultRoute(List<String> table) {
        return table.stream()
                .skip(1)
                .map(line -> line.strip().split("\\s+"))
                .filter(columns -> columns.length > 7 && columns[1].equals(ANYWHERE) && columns[7].equals(ANYWHERE))
                .map(columns -> columns[0])
                .findFirst();
    }
}
