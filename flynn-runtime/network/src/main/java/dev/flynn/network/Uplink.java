package dev.flynn.network;

import java.io.IOException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The interface by which a host reaches the others.
 *
 * @param local whether the public address is the interface's own, and not one that somebody translates
 */
record Uplink(String device, int mtu, boolean local) {

    private static final String LOOPBACK = "lo";

    /** Where there is no interface but {@code lo}. */
    private static final Uplink NONE = new Uplink(LOOPBACK, 1500, true);

    private static final Pattern MTU = Pattern.compile("\\bmtu (\\d+)");
    private static final Pattern DEFAULT_ROUTE = Pattern.compile("^default .*\\bdev (\\S+)", Pattern.MULTILINE);

    static Uplink find(Commands commands, String publicIp) throws IOException {
        String addresses = commands.sh("ip -4 -o address show");
        Matcher own = Pattern.compile("^\\d+: (\\S+)\\s+inet " + Pattern.quote(publicIp) + "[/ ]", Pattern.MULTILINE)
                .matcher(addresses);
        Optional<String> device = own.find() ? Optional.of(own.group(1)) : Optional.empty();
        boolean local = device.isPresent();
        if (device.isEmpty() || device.get().equals(LOOPBACK)) {
            Matcher route = DEFAULT_ROUTE.matcher(commands.sh("ip -4 route show"));
            device = route.find() ? Optional.of(route.group(1)) : Optional.empty();
        }
        if (device.isEmpty()) {
            return NONE;
        }
        Matcher mtu = MTU.matcher(commands.sh("ip -o link show dev " + device.get()));
        return mtu.find() ? new Uplink(device.get(), Integer.parseInt(mtu.group(1)), local) : NONE;
    }
}
