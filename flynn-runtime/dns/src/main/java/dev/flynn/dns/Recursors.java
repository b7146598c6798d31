package dev.flynn.dns;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Who is asked about names outside the cluster, in this order.
 *
 * @param addresses empty if nobody is
 */
public record Recursors(List<InetSocketAddress> addresses) {

    /** Nobody is asked; names outside the cluster fail. */
    public static final Recursors NONE = new Recursors(List.of());

    private static final int DNS_PORT = 53;

    public Recursors {
        addresses = List.copyOf(addresses);
    }

    /**
     * Reads {@code 8.8.8.8,[2001:db8::1]:5353,resolver.example.com}.
     *
     * @throws FlynnException {@code VALIDATION} naming what cannot be resolved
     */
    public static Recursors parse(String list) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (String item : list.split(",")) {
            if (!item.isBlank()) {
                addresses.add(address(item.strip()));
            }
        }
        return new Recursors(addresses);
    }

    /** The name servers of a {@code resolv.conf}; {@link #NONE} if there is no such file. */
    public static Recursors ofResolvConf(Path file) {
        try {
            List<InetSocketAddress> addresses = new ArrayList<>();
            for (String line : Files.readAllLines(file)) {
                String[] words = line.strip().split("\\s+");
                if (words.length > 1 && words[0].equals("nameserver")) {
                    addresses.add(address(words[1]));
                }
            }
            return new Recursors(addresses);
        } catch (IOException unreadable) {
            return NONE;
        }
    }

    /** Without this server itself: to ask it would never end. */
    Recursors without(InetSocketAddress self) {
        return new Recursors(
                addresses.stream().filter(address -> !isSame(address, self)).toList());
    }

    private static boolean isSame(InetSocketAddress recursor, InetSocketAddress self) {
        boolean sameHost = recursor.getAddress().equals(self.getAddress())
                || self.getAddress().isAnyLocalAddress()
                        && recursor.getAddress().isLoopbackAddress()
                || recursor.getAddress().isAnyLocalAddress();
        return sameHost && recursor.getPort() == self.getPort();
    }

    private static InetSocketAddress address(String item) {
        String host = item;
        int port = DNS_PORT;
        int colon = item.lastIndexOf(':');
        boolean bareIpv6 = colon >= 0 && item.indexOf(':') < colon && !item.contains("]");
        if (colon >= 0 && !bareIpv6 && !item.endsWith("]")) {
            host = item.substring(0, colon);
            port = port(item, item.substring(colon + 1));
        }
        try {
            return new InetSocketAddress(InetAddress.getByName(host), port);
        } catch (UnknownHostException e) {
            throw FlynnException.invalid(
                    "the DNS resolver \"%s\" cannot be resolved; give its address".formatted(item));
        }
    }

    private static int port(String item, String text) {
        try {
            int port = Integer.parseInt(text);
            if (port > 0 && port <= 65_535) {
                return port;
            }
        } catch (NumberFormatException notANumber) {
            // said below
        }
        throw FlynnException.invalid("the port of the DNS resolver \"%s\" must be 1 to 65535".formatted(item));
    }
}
