package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.build.Images;
import dev.flynn.containers.oci.OciContainerBackend;
import dev.flynn.containers.process.ProcessContainerBackend;
import dev.flynn.host.HostFiles;
import dev.flynn.spi.container.Capability;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Opens what runs the jobs of apps, by name. Closing this closes what was opened, last first. */
public final class AppBackends implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(AppBackends.class);

    private static final List<String> BY_PREFERENCE = List.of("oci", "docker", "process");

    private final Closer closer = new Closer();
    private final HostContext host;
    private final BackendChoice.Opening<AppBackend> machine = new Machine();

    public AppBackends(HostContext host) {
        this.host = host;
        Images.install(host.images());
    }

    /**
     * Opens a backend; {@code auto} takes containers where they can be had, and what this host had before.
     *
     * @throws FlynnException {@code SERVICE_UNAVAILABLE}, naming what this machine lacks
     */
    public AppBackend open(String name) {
        AppBackend.requireKnown(name);
        if (name.equals(AppBackend.AUTO)) {
            return choose();
        }
        try {
            AppBackend opened = machine.open(name, closer);
            return remembered(opened.because("as --backend says"));
        } catch (IOException e) {
            throw FlynnException.unavailable("the %s backend cannot be opened: %s".formatted(name, e.getMessage()), e);
        }
    }

    private AppBackend choose() {
        Optional<String> last = LastBackend.read(host.root());
        try {
            var chosen = new BackendChoice<>(machine, closer)
                    .first(last.map(List::of).orElse(BY_PREFERENCE));
            return remembered(chosen.backend().because(chosen.reason()));
        } catch (FlynnException e) {
            throw last.isEmpty()
                    ? e
                    : FlynnException.unavailable(
                            "jobs on this host run with the %s backend, which they would outlive, and it cannot be opened: %s; mend that, or choose another with --backend"
                                    .formatted(last.get(), e.getMessage()),
                            e);
        }
    }

    /** Jobs in containers are still there after a restart; another backend would not know them. */
    private AppBackend remembered(AppBackend opened) {
        if (opened.backend().capabilities().contains(Capability.SURVIVES_RESTART)) {
            LastBackend.write(host.root(), opened.name());
        }
        return opened;
    }

    private AppBackend process(Closer into) throws IOException {
        host.appImages().requireNoStack();
        HostFiles files = FilesOfHost.open(host);
        files.retain(Set.of()); // no job of this backend outlives it
        return new AppBackend(
                "process",
                into.register(ProcessContainerBackend.builder(host.root(), host.images())
                        .address(host.publicIp())
                        .clock(host.clock())
                        .files(files)
                        .build()),
                Optional.empty());
    }

    /** Nobody is to believe that these hold. */
    private void tellIgnored(String backend) {
        List<String> ignored = host.appImages().registryOptions();
        if (!ignored.isEmpty()) {
            log.atWarn()
                    .addKeyValue("backend", backend)
                    .addKeyValue("options", String.join(", ", ignored))
                    .log(
                            "options about registries are for --backend oci, and do not hold for this one; a Docker engine has"
                                    + " its own in /etc/docker/daemon.json and in what docker login has written");
        }
    }

    private final class Machine implements BackendChoice.Opening<AppBackend> {

        @Override
        public Optional<String> lacking(String name) {
            return switch (name) {
                case "oci" -> OciContainerBackend.lacking();
                case "docker" -> DockerBackend.lacking();
                default -> Optional.empty();
            };
        }

        @Override
        public AppBackend open(String name, Closer into) throws IOException {
            if (!name.equals("oci")) {
                tellIgnored(name);
            }
            return switch (name) {
                case "oci" -> OciBackend.open(host, into);
                case "docker" -> DockerBackend.open(host, into);
                case "process" -> process(into);
                default -> PluggedBackend.open(host, name, Plugins.ofInstallation(), into);
            };
        }
    }

    @Override
    public void close() {
        closer.close();
    }
}
