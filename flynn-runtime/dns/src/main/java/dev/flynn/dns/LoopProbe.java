package dev.flynn.dns;

import java.io.ByteArrayOutputStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out whether queries that are forwarded come back: each recursor is asked once for a name that nobody else asks for. If
 * this server meets that name, then the recursor forwards to it what it forwards to the recursor, and is not asked any more.
 */
final class LoopProbe {

    private static final Logger log = LoggerFactory.getLogger(LoopProbe.class);

    private static final String DOMAIN = "invalid";

    private final Map<String, InetSocketAddress> labels = new ConcurrentHashMap<>();
    private final Set<InetSocketAddress> loops = ConcurrentHashMap.newKeySet();

    /** A query for the name of this recursor. */
    byte[] query(InetSocketAddress recursor) {
        String label = "flynn-" + UUID.randomUUID();
        labels.put(label, recursor);
        var packet = new ByteArrayOutputStream();
        packet.writeBytes(new byte[] {0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0});
        for (String part : new String[] {label, DOMAIN}) {
            packet.write(part.length());
            packet.writeBytes(part.getBytes(StandardCharsets.US_ASCII));
        }
        packet.write(0);
        packet.writeBytes(ByteBuffer.allocate(4)
                .putShort((short) Wire.TYPE_A)
                .putShort((short) Wire.CLASS_IN)
                .array());
        return packet.toByteArray();
    }

    /** Takes note if this query is one of ours that came back. */
    boolean isOwn(Query query) {
        if (labels.isEmpty() || !query.fromEnd(0).equals(DOMAIN)) {
            return false;
        }
        InetSocketAddress recursor = labels.get(query.fromEnd(1));
        if (recursor == null) {
            return false;
        }
        if (loops.add(recursor)) {
            log.atError()
                    .addKeyValue("recursor", recursor)
                    .log("this resolver forwards to the server that forwards to it; it is not asked any more");
        }
        return true;
    }

    boolean isLoop(InetSocketAddress recursor) {
        return loops.contains(recursor);
    }
}
