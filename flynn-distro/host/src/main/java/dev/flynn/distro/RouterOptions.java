package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.distro.backends.Plugins;
import dev.flynn.router.program.RouterKinds;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What an operator says of the host's router, beside its ports. */
final class RouterOptions {

    @Option(
            names = "--router",
            paramLabel = "NAME",
            defaultValue = RouterKinds.DEFAULT,
            description =
                    "What carries the requests: netty, nginx (an nginx that is installed here) (default: ${DEFAULT-VALUE}).")
    private String name = RouterKinds.DEFAULT;

    @Option(
            names = "--router-ip",
            paramLabel = "IP",
            description =
                    "Address that the router listens on: 0.0.0.0 for all of IPv4, :: for all of IPv6 and IPv4 (default: --listen-ip).")
    private @Nullable String ip;

    @Option(
            names = "--public-https-port",
            paramLabel = "PORT",
            description =
                    "Where clients find TLS, if something in front of the router listens for them on another port (default: the router's).")
    private @Nullable Integer publicHttpsPort;

    /** @throws FlynnException {@code VALIDATION} naming the option that is wrong */
    RouterChoice choice() {
        RouterKinds.requireKnown("--router", name, Plugins.ofInstallation().loader());
        return new RouterChoice(
                name,
                Optional.ofNullable(ip),
                publicHttpsPort == null ? OptionalInt.empty() : OptionalInt.of(publicHttpsPort));
    }
}
