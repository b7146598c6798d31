package dev.flynn.distro;

import dev.flynn.acme.AcmeCertificates;
import dev.flynn.base.Closer;
import dev.flynn.base.SealingKey;
import dev.flynn.distro.backends.Plugins;
import dev.flynn.router.program.TableCompletion;
import dev.flynn.spi.component.ComponentContext;
import dev.flynn.spi.dns.DnsChallengeProviderFactory;
import dev.flynn.spi.router.RouteTable;
import dev.flynn.state.ClusterState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The certificates that the cluster gets for its routes, as each router of this host has them. */
final class AutomaticCertificates implements TableCompletion.Factory {

    private static final Logger log = LoggerFactory.getLogger(AutomaticCertificates.class);

    private final String hostId;
    private final ClusterState state;
    private final SealingKey sealingKey;
    private final Plugins plugins;
    private final Path directory;

    private AutomaticCertificates(
            String hostId, ClusterState state, SealingKey sealingKey, Plugins plugins, Path directory) {
        this.hostId = hostId;
        this.state = state;
        this.sealingKey = sealingKey;
        this.plugins = plugins;
        this.directory = directory;
    }

    /**
     * @param sealingKey empty on a host that joined before its cluster had one: its routers have none of these certificates
     * @param directory of which each DNS provider gets a directory of its own
     */
    static TableCompletion.Factory of(
            String hostId, ClusterState state, Optional<SealingKey> sealingKey, Plugins plugins, Path directory) {
        if (sealingKey.isEmpty()) {
            log.atWarn()
                    .log(
                            "this host does not know the cluster's sealing key, so its router has no certificates for routes with auto_tls: copy identity/sealing-key of the data directory from another host, and restart");
            return TableCompletion.NONE;
        }
        return new AutomaticCertificates(hostId, state, sealingKey.get(), plugins, directory);
    }

    @Override
    public TableCompletion open(Runnable onChange) {
        Closer closer = new Closer();
        AcmeCertificates.Builder builder =
                AcmeCertificates.builder(state, sealingKey).domainsOfRoutes().onChange(onChange);
        for (DnsChallengeProviderFactory factory : plugins.dnsProviders()) {
            add(factory, builder, closer);
        }
        AcmeCertificates certificates;
        try {
            certificates = closer.register(builder.build());
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
        return new TableCompletion() {
            @Override
            public RouteTable complete(RouteTable table) {
                return certificates.complete(table);
            }

            @Override
            public void close() {
                closer.close();
            }
        };
    }

    /** One that cannot be created is left out: a router is of more use without it than not at all. */
    private void add(DnsChallengeProviderFactory factory, AcmeCertificates.Builder builder, Closer closer) {
        try {
            Path own = Files.createDirectories(directory.resolve(factory.name()));
            builder.dnsProvider(
                    factory.name(),
                    closer.register(factory.create(
                            plugins.settings(factory.name()), new ComponentContext(hostId, own, state.clock()))));
        } catch (IOException | RuntimeException | LinkageError e) {
            log.atError()
                    .addKeyValue("provider", factory.name())
                    .setCause(e)
                    .log("a DNS provider of the folder plugins cannot be used");
        }
    }
}
