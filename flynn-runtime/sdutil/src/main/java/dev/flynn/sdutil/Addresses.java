package dev.flynn.sdutil;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.Optional;

/** Which address of this host a service is registered with. */
final class Addresses {

    private Addresses() {}

    /**
     * A service and the address it is registered with.
     *
     * @param address {@code host:port}, or {@code :port} for the host's external one
     */
    record Target(String service, String address) {}

    /** What {@code -h} and {@code -i} say; empty for the host's external address. */
    static String host(Arguments arguments) {
        Optional<String> host = arguments.one("h");
        Optional<String> networkInterface = arguments.one("i");
        if (host.isPresent() && networkInterface.isPresent()) {
            throw new Usage(Usage.FATAL, "-h and -i exclude each other");
        }
        return networkInterface
                .map(Addresses::ofInterface)
                .or(() -> host.map(Addresses::bracketed))
                .orElse("");
    }

    /** Reads {@code name:port}; the name may contain colons. */
    static Target target(String text, String host) {
        int colon = text.lastIndexOf(':');
        if (colon < 1 || !text.substring(colon + 1).matches("\\d{1,5}")) {
            throw new Usage(Usage.FATAL, "\"" + text + "\" must be name:port");
        }
        return new Target(text.substring(0, colon), host + text.substring(colon));
    }

    private static String ofInterface(String name) {
        try {
            NetworkInterface found = NetworkInterface.getByName(name);
            if (found == null) {
                throw new Usage(Usage.BAD_INTERFACE, "there is no network interface \"" + name + "\"");
            }
            InetAddress first = found.inetAddresses()
                    .findFirst()
                    .orElseThrow(() -> new Usage(Usage.BAD_INTERFACE, "interface \"" + name + "\" has no address"));
            String text = first.getHostAddress().replaceFirst("%.*", "");
            return first instanceof Inet6Address ? "[" + text + "]" : text;
        } catch (SocketException e) {
            throw new Usage(Usage.BAD_INTERFACE, "interface \"" + name + "\": " + e.getMessage());
        }
    }

    private static String bracketed(String host) {
        return host.contains(":") && !host.startsWith("[") ? "[" + host + "]" : host;
    }
}
