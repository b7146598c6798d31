package dev.flynn.api.discovery;

import dev.flynn.api.error.FlynnException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.regex.Pattern;
import org.apiguardian.api.API;

/**
 * One live address of a service (contract: layer 0, Instance).
 *
 * @param id lower-case hex MD5 of {@code <proto>-<addr>}
 * @param addr {@code host:port}
 * @param proto lower-case letters and digits, such as {@code tcp} or {@code http}
 * @param index set by discovery at the first registration and kept while the instance stays registered; smaller is
 *     older; 0 in a request
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Instance(String id, String addr, String proto, Map<String, String> meta, long index) {

    private static final Pattern PROTO = Pattern.compile("[a-z0-9]+");
    private static final Pattern ADDR = Pattern.compile(".*:\\d{1,5}");

    public Instance {
        if (proto.isEmpty()) {
            throw FlynnException.invalid("discoverd: proto must be set");
        }
        if (!PROTO.matcher(proto).matches()) {
            throw FlynnException.invalid("discoverd: proto must be lowercase alphanumeric, was \"" + proto + "\"");
        }
        if (!ADDR.matcher(addr).matches()) {
            throw FlynnException.invalid("discoverd: addr must be host:port, was \"" + addr + "\"");
        }
        String expected = idOf(proto, addr);
        if (!id.equals(expected)) {
            throw FlynnException.invalid("discoverd: instance id is incorrect, expected " + expected);
        }
        meta = Map.copyOf(meta);
    }

    /** An instance to register. */
    public static Instance of(String proto, String addr, Map<String, String> meta) {
        return new Instance(idOf(proto, addr), addr, proto, meta, 0);
    }

    public Instance withIndex(long assigned) {
        return new Instance(id, addr, proto, meta, assigned);
    }

    /** The host part of the address. */
    public String host() {
        return addr.substring(0, addr.lastIndexOf(':'));
    }

    public int port() {
        return Integer.parseInt(addr.substring(addr.lastIndexOf(':') + 1));
    }

    private static String idOf(String proto, String addr) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("MD5").digest((proto + "-" + addr).getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has MD5", e);
        }
    }
}
