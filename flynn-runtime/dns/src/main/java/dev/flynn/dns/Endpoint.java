package dev.flynn.dns;

import dev.flynn.api.discovery.Instance;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/**
 * An instance as DNS tells it.
 *
 * @param address 4 or 16 bytes; none when the instance registered with a host name
 */
record Endpoint(String id, String proto, int port, byte[] address) {

    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*");
    private static final byte[] NONE = {};

    static Endpoint of(Instance instance) {
        return new Endpoint(instance.id(), instance.proto(), instance.port(), literal(instance.host()));
    }

    boolean isIpv4() {
        return address.length == 4;
    }

    boolean isIpv6() {
        return address.length == 16;
    }

    private static byte[] literal(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        if (!IPV4.matcher(bare).matches() && !IPV6.matcher(bare).matches()) {
            return NONE;
        }
        try {
            return InetAddress.getByName(bare).getAddress();
        } catch (UnknownHostException notALiteral) {
            return NONE;
        }
    }
}
