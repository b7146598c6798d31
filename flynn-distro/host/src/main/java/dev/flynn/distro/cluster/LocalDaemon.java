package dev.flynn.distro.cluster;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.flynn.api.error.FlynnException;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.link.LinkClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The daemon of this host, as a program beside it asks it: over the link, as the host itself. */
public final class LocalDaemon {

    private final HostCredentials credentials;
    private final String address;

    private LocalDaemon(HostCredentials credentials, String address) {
        this.credentials = credentials;
        this.address = address;
    }

    /** How commands find it. */
    public static final class Options {

        @Option(
                names = "--data-dir",
                paramLabel = "DIR",
                defaultValue = "/var/lib/flynn",
                description = "Data directory of this host's daemon (default: ${DEFAULT-VALUE}).")
        private Path dataDirectory = Path.of("/var/lib/flynn");

        @Option(
                names = "--link",
                paramLabel = "IP:PORT",
                description =
                        "Where this host's daemon listens for other hosts (default: what it wrote to its data directory).")
        private @Nullable String link;

        /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if there is none */
        public LocalDaemon open() {
            Path identityDirectory = dataDirectory.resolve("identity");
            if (!Files.isDirectory(identityDirectory)) {
                throw FlynnException.unavailable(
                        "%s holds no identity of a host: start this host's daemon, give its --data-dir, and run this as the same user"
                                .formatted(dataDirectory),
                        null);
            }
            var files = new IdentityFiles(identityDirectory);
            Clock clock = Clock.systemUTC();
            HostIdentity identity = files.load(clock.instant())
                    .orElseThrow(() -> FlynnException.unavailable(
                            "this host belongs to no cluster yet: start its daemon first", null));
            return new LocalDaemon(
                    new HostCredentials(identity, new RemovedHosts(files), clock),
                    link != null ? link : LinkAddressFile.read(dataDirectory));
        }
    }

    public HostCredentials credentials() {
        return credentials;
    }

    /** Of its link: {@code ip:port}. */
    public String address() {
        return address;
    }

    /**
     * Asks it.
     *
     * @throws FlynnException what it says, or {@code SERVICE_UNAVAILABLE} if it does not answer
     */
    public String call(String service, String method, String request, Duration timeout) {
        byte[] answer = LinkClient.call(
                credentials, credentials.hostId(), address, service, method, request.getBytes(UTF_8), timeout);
        return new String(answer, UTF_8);
    }
}
