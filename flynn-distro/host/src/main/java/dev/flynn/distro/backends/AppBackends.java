package dev.flynn.distro.backends;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.build.Images;
import dev.flynn.containers.process.ProcessContainerBackend;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens what runs the jobs of apps, by name. Closing this closes what was opened, last first. */
public final class AppBackends implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AppBackends.class);

    private final Closer closer = new Closer();
    private final HostContext host;

    public AppBackends(HostContext host) {
        this.host = host;
        Images.install(host.images());
    }

    /**
     * Opens a backend; {@code auto} takes containers where they can be had.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE}, naming what this machine lacks
     */
    public AppBackend open(String name) {
        AppBackend.requireKnown(name);
        try {
            return switch (name) {
                case "auto" -> choose();
                case "oci" -> OciBackend.open(host, closer);
                case "docker" -> DockerBackend.open(host, closer);
                default -> process();
            };
        } catch (IOException e) {
            throw FlynnException.unavailable("the %s backend cannot be opened: %s".formatted(name, e), e);
        }
    }

    private AppBackend choose() throws IOException {
        Map<String, Opening> byPreference = new LinkedHashMap<>();
        byPreference.put("oci", OciBackend::open);
        byPreference.put("docker", DockerBackend::open);
        for (Map.Entry<String, Opening> candidate : byPreference.entrySet()) {
            try {
                AppBackend chosen = candidate.getValue().open(host, closer);
                log.atInfo().addKeyValue("backend", chosen.name()).log("jobs of apps run in containers");
                return chosen;
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.SERVICE_UNAVAILABLE) {
                    throw e;
                }
                log.atInfo()
                        .addKeyValue("backend", candidate.getKey())
                        .addKeyValue("reason", e.getMessage())
                        .log("a backend is passed over");
            }
        }
        log.atWarn().log("jobs of apps run as plain processes, which isolates nothing");
        return process();
    }

    @FunctionalInterface
    private interface Opening {
        AppBackend open(HostContext host, Closer closer) throws IOException;
    }

    private AppBackend process() {
        return new AppBackend(
                "process",
                closer.register(ProcessContainerBackend.builder(host.root(), host.images())
                        .address(host.publicIp())
                        .clock(host.clock())
                        .preparation(host.slugs()::prepare)
                        .build()),
                Optional.empty());
    }

    @Override
    public void close() {
        closer.close();
    }
}
