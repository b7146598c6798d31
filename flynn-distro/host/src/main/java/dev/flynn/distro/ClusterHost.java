package dev.flynn.distro;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.flynn.api.discovery.Instance;
import dev.flynn.base.Closer;
import dev.flynn.base.NamedThreads;
import dev.flynn.bootstrap.Bootstrap;
import dev.flynn.bootstrap.BootstrapOutput;
import dev.flynn.discoverd.ClusterPeers;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.distro.backends.AppBackend;
import dev.flynn.distro.backends.AppBackends;
import dev.flynn.distro.backends.FilesOfHost;
import dev.flynn.distro.backends.HostContext;
import dev.flynn.distro.backends.ServiceArchives;
import dev.flynn.distro.cluster.BootstrapRequest;
import dev.flynn.distro.cluster.BootstrapService;
import dev.flynn.distro.cluster.LinkAddressFile;
import dev.flynn.distro.cluster.Restore;
import dev.flynn.distro.cluster.StoreVoters;
import dev.flynn.distro.router.RouterService;
import dev.flynn.host.SlugCache;
import dev.flynn.identity.CertificateRenewal;
import dev.flynn.link.HostLink;
import dev.flynn.link.admin.ClusterHostAdmin;
import dev.flynn.link.admin.HostService;
import dev.flynn.link.admin.StoreMembership;
import dev.flynn.link.hosts.JobService;
import dev.flynn.link.hosts.RemoteHosts;
import dev.flynn.link.logs.LogForwarders;
import dev.flynn.link.logs.LogReceiver;
import dev.flynn.link.tokens.TokenService;
import dev.flynn.network.SubnetLeases;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.store.StoreMember;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One host of a cluster of several: what {@link HostServices every host} does, over the link to the others. */
final class ClusterHost implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ClusterHost.class);

    private static final String DOMAIN = "CLUSTER_DOMAIN";

    private final Closer closer = new Closer();
    private final DataDirectory data;
    private final DaemonOptions options;
    private final ListenPorts ports;
    private final Membership membership;
    private final HostLink link;
    private final Discovery discovery;
    private final DiscoveryServers discoveryServers;
    private final String backendDescription;

    /** Starts everything; the platform's apps of an earlier run begin to come back. */
    ClusterHost(DataDirectory data, DaemonOptions options, ListenPorts ports, Membership membership) {
        this.data = data;
        this.options = options;
        this.ports = ports;
        this.membership = membership;
        this.link = membership.link();
        try {
            closer.register(membership.removed().follow(membership.members(), link::hangUpOnRemoved));
            closer.register(new CertificateRenewal(
                    membership.credentials(),
                    membership.files(),
                    membership.members(),
                    membership.state().clock()));
            this.discovery = closer.register(StoreDiscovery.builder(membership.store())
                    .member(membership.hostId())
                    .build());
            var slugs = new SlugCache(data.directory("slugs"), discovery, () -> ClusterKey.read(membership.state()));
            var files = FilesOfHost.open(data.root(), membership.hostId(), membership.state(), slugs);
            AppBackend backend = closer.register(new AppBackends(new HostContext(
                            data.root(),
                            membership.state(),
                            membership.hostId(),
                            options.externalIp(),
                            files,
                            options.network(),
                            options.partitions(),
                            options.appImages(),
                            new ServiceArchives(discovery, () -> ClusterKey.read(membership.state())))))
                    .open(options.backend());
            this.backendDescription = backend.description();
            this.discoveryServers = closer.register(new DiscoveryServers(
                    discovery,
                    options.listenIp(),
                    options.discoverd(),
                    options.dns(),
                    backend.gateway(),
                    this::discoverdPeers));
            HostApiServer hostApi = closer.register(new HostApiServer(
                    data,
                    options.listenIp(),
                    options.externalIp(),
                    options.hostApi(),
                    options.insecureHostApi(),
                    backend.gateway()));
            startServices(backend, files, hostApi);
            discoveryServers.start();
        } catch (RuntimeException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    private void startServices(AppBackend backend, FilesOfHost files, HostApiServer hostApi) {
        var services = closer.register(new HostServices(
                data,
                membership.state(),
                discovery,
                new HostServices.Settings(
                        membership.hostId(),
                        backend,
                        files,
                        options.listenIp(),
                        options.router().environment(options.listenIp()),
                        hostApi.advertised(),
                        options.tags(),
                        ports,
                        options.router().name(),
                        discoveryServers.jobEnvironment(),
                        local -> new RemoteHosts(link, membership.hostId(), local, membership::addressOf),
                        membership.files().loadSealingKey())));
        closer.register(JobService.serve(link, () -> services.agent().connect(membership.hostId())));
        closer.register(LogReceiver.serve(link, services.logs().aggregators()));
        closer.register(new LogForwarders(link, services.logs(), discovery, this::aggregator));
        closer.register(TokenService.serve(
                link, membership.members(), membership.state().json()));
        var admin = new ClusterHostAdmin(
                membership.hostId(),
                membership.state(),
                discovery,
                StoreMembership.of(membership.store()),
                membership.members(),
                new SubnetLeases(membership.state())::release);
        closer.register(HostService.serve(link, admin, membership.state().json()));
        closer.register(
                BootstrapService.serve(link, this::bootstrap, membership.state().json()));
        closer.register(RouterService.serve(
                link,
                discovery,
                () -> ClusterKey.read(membership.state()),
                membership.state().json()));
        LinkAddressFile.write(data.root(), link.advertisedAddress());
        // it goes first, before what it asks
        closer.register(hostApi)
                .start(
                        membership.hostId(),
                        membership.state(),
                        services,
                        membership::credentials,
                        discoveryServers.url());
    }

    // logs

    private Optional<LogForwarders.Target> aggregator(Instance instance) {
        return hostOf(instance)
                .flatMap(host -> membership.addressOf(host).map(address -> new LogForwarders.Target(host, address)));
    }

    private static Optional<String> hostOf(Instance instance) {
        return Optional.ofNullable(instance.meta().get("FLYNN_JOB_ID")).map(job -> job.substring(0, job.indexOf('-')));
    }

    // discovery

    /** Hosts are told with the port of this one's discoverd, which is the same on all unless the operator wanted others. */
    private ClusterPeers discoverdPeers(String address) {
        String port = address.substring(address.lastIndexOf(':'));
        return ClusterPeers.readOnly(
                () -> membership.store().leader().flatMap(membership::addressOf).map(leader -> ip(leader) + port),
                () -> membership.store().members().stream()
                        .filter(StoreMember::isVoter)
                        .map(member -> ip(member.address()) + port)
                        .sorted()
                        .toList(),
                () -> membership.store().list("bootstrap/").revision());
    }

    private static String ip(String address) {
        return address.substring(0, address.lastIndexOf(':'));
    }

    /** Enters this host in the list that others find the cluster by; tries until it is done. */
    void publish() {
        options.discovery().ifPresent(list -> {
            var thread = new NamedThreads("discovery-list").newThread(() -> {
                while (true) {
                    try {
                        list.register(
                                "http://" + options.externalIp() + ":1113",
                                membership.hostId(),
                                VersionCommand.version());
                        return;
                    } catch (RuntimeException e) {
                        log.atWarn().setCause(e).log("cannot enter this host in the discovery service's list");
                    }
                    try {
                        Thread.sleep(10_000);
                    } catch (InterruptedException closing) {
                        return;
                    }
                }
            });
            thread.start();
            closer.register(thread::interrupt);
        });
    }

    // bootstrap

    private void bootstrap(BootstrapRequest request, BootstrapOutput output) {
        Optional<Restore> restore = request.backup().map(file -> new Restore(membership.state(), Path.of(file)));
        restore.ifPresent(backup -> step(output, "read-backup", backup::begin));
        Map<String, String> env = new HashMap<>(request.env());
        if (env.getOrDefault(DOMAIN, "").isEmpty()) {
            ClusterDomain.of(membership.store()).ifPresent(domain -> env.put(DOMAIN, domain));
        }
        String domain = env.getOrDefault(DOMAIN, "");
        if (!domain.isEmpty()) {
            ClusterDomain.require(
                    membership.store(), domain, known -> "bootstrap it with %s=%s".formatted(DOMAIN, known));
        }
        env.put("CLUSTER_URL_DOMAIN", ports.urlDomain(domain));
        env.put("HTTP_PORT", String.valueOf(ports.http()));
        env.put("HTTPS_PORT", String.valueOf(ports.https()));
        env.put("ROUTER_LISTEN_IP", options.router().urlHost(options.listenIp()));
        var voters = new StoreVoters(membership.store(), request.minHosts());
        Bootstrap.builder(membership.state(), discovery)
                .manifest(request.manifest())
                .minHosts(request.minHosts())
                .hostsPatience(Duration.ofSeconds(request.timeoutSeconds()))
                .whenOnline(hosts -> voters.ensure(List.copyOf(hosts)))
                .env(env)
                .output(output)
                .build()
                .run();
        restore.ifPresent(backup ->
                step(output, "restore-apps", () -> backup.finish(discovery, ClusterKey.read(membership.state()))));
    }

    private static void step(BootstrapOutput output, String id, Runnable action) {
        output.started("restore", id);
        try {
            action.run();
        } catch (RuntimeException e) {
            output.failed("restore", id, String.valueOf(e.getMessage()));
            throw e;
        }
        output.done("restore", id, JsonNodeFactory.instance.objectNode(), "");
    }

    /** How jobs run, and why so. */
    String backendDescription() {
        return backendDescription;
    }

    @Override
    public void close() {
        closer.close();
    }
}
