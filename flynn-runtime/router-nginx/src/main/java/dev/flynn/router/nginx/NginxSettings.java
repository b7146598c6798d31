package dev.flynn.router.nginx;

import dev.flynn.spi.router.RouteTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What stays the same as long as an nginx runs.
 *
 * @param directory of its own, private: configuration, keys, the file with its process id
 * @param bodies where its unprivileged workers keep long bodies
 * @param httpPort not 0
 * @param httpsPort not 0, if it listens for TLS at all
 * @param workers how many processes serve
 * @param sharesPorts whether another one may listen on the same ports, so that the one replaces the other
 */
record NginxSettings(
        NginxBinary binary,
        Path directory,
        Path bodies,
        String listenIp,
        int httpPort,
        Optional<Integer> httpsPort,
        Optional<RouteTable.Certificate> defaultCertificate,
        byte[] cookieKey,
        Duration closeGrace,
        int workers,
        boolean sharesPorts) {

    Path configuration() {
        return configuration(directory);
    }

    static Path configuration(Path directory) {
        return directory.resolve("nginx.conf");
    }

    Path certificates() {
        return directory.resolve("certificates");
    }

    Path processId() {
        return processId(directory);
    }

    static Path processId(Path directory) {
        return directory.resolve("nginx.pid");
    }

    /** As nginx writes an address to listen on. */
    String listen(int port) {
        return (listenIp.contains(":") ? "[" + listenIp + "]" : listenIp) + ":" + port;
    }

    /** What the first {@code listen} of a port says besides. */
    String listenOptions() {
        return sharesPorts ? " reuseport" : "";
    }

    @Override
    public String toString() {
        return "NginxSettings[%s, %s]".formatted(binary, listen(httpPort));
    }
}
