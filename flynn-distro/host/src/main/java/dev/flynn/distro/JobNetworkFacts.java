package dev.flynn.distro;

import dev.flynn.host.api.NetworkFacts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the host's API says of the network of jobs, as the kernel has it. */
final class JobNetworkFacts {

    private static final Logger log = LoggerFactory.getLogger(JobNetworkFacts.class);

    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

    private JobNetworkFacts() {}

    /** @param gateway this host's address in that network */
    static Optional<NetworkFacts> of(String gateway) {
        try {
            InetAddress address = InetAddress.getByName(gateway);
            NetworkInterface bridge = NetworkInterface.getByInetAddress(address);
            if (bridge == null) {
                return Optional.empty();
            }
            int mtu = bridge.getMTU();
            return bridge.getInterfaceAddresses().stream()
                    .filter(known -> known.getAddress().equals(address))
                    .map(InterfaceAddress::getNetworkPrefixLength)
                    .findFirst()
                    .map(length -> new NetworkFacts(gateway + "/" + length, mtu, resolvers()));
        } catch (IOException e) {
            log.atWarn().addKeyValue("address", gateway).setCause(e).log("the network of jobs cannot be looked at");
            return Optional.empty();
        }
    }

    private static List<String> resolvers() {
        try (Stream<String> lines = Files.lines(RESOLV_CONF)) {
            return resolvers(lines);
        } catch (IOException none) {
            return List.of();
        }
    }

    /** @param lines of a {@code resolv.conf} */
    static List<String> resolvers(Stream<String> lines) {
        return lines.map(line -> line.strip().split("\\s+"))
                .filter(words -> words.length > 1 && words[0].equals("nameserver"))
                .map(words -> words[1])
                .toList();
    }
}
