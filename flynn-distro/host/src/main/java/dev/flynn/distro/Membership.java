package dev.flynn.distro;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.ClusterMembers;
import dev.flynn.identity.HostCredentials;
import dev.flynn.identity.HostIdentity;
import dev.flynn.identity.IdentityFiles;
import dev.flynn.identity.JoinAttempt;
import dev.flynn.identity.JoinDesk;
import dev.flynn.identity.JoinToken;
import dev.flynn.identity.RemovedHosts;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.link.JoinClient;
import dev.flynn.link.store.LinkPeerTransport;
import dev.flynn.link.store.StoreAdmission;
import dev.flynn.spi.store.Consistency;
import dev.flynn.state.ClusterState;
import dev.flynn.store.RatisClusterStore;
import dev.flynn.store.StoreMember;
import dev.flynn.store.StorePeer;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * This host's place in its cluster: its identity, the link to the other hosts, and its replica of the store. A host that has
 * none yet founds a cluster or joins one.
 */
final class Membership implements AutoCloseable {

    private static final Duration TOKEN_VALIDITY = Duration.ofHours(24);
    private static final int TOKEN_USES = 100;
    private static final Duration JOIN_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(1);
    private static final String KNOWN = "identity/authority";

    private final Closer closer = new Closer();
    private final Clock clock = Clock.systemUTC();
    private final FlynnJson json = new FlynnJson();
    private final DaemonOptions options;
    private final Foreground life;
    private final Consumer<String> say;
    private final IdentityFiles files;
    private final KnownPeers peers;
    private final HostCredentials credentials;
    private final RemovedHosts removed;
    private final HostLink link;
    private final RatisClusterStore store;
    private final ClusterState state;
    private final ClusterMembers members;

    /** When this is set, others may join by this host. */
    private volatile boolean ready;

    /**
     * Returns when this host takes part in its cluster, however long that takes.
     *
     * @param say is told what the host waits for
     * @throws FlynnException if it can never be: the cluster refuses this host, for example
     * @throws InterruptedException if the program is to stop
     */
    static Membership open(DataDirectory data, DaemonOptions options, Foreground life, Consumer<String> say)
            throws InterruptedException {
        return new Membership(data, options, life, say);
    }

    private Membership(DataDirectory data, DaemonOptions options, Foreground life, Consumer<String> say)
            throws InterruptedException {
        this.options = options;
        this.life = life;
        this.say = say;
        this.files = new IdentityFiles(data.root().resolve("identity"));
        this.peers = new KnownPeers(data, options);
        try {
            HostIdentity identity = identity(data);
            this.removed = new RemovedHosts(files);
            this.credentials = new HostCredentials(identity, removed, clock);
            this.link = closer.register(openLink());
            boolean isFounder = files.loadAuthority().isPresent();
            this.store = closer.register(openStore(data, isFounder));
            this.state = new ClusterState(store, json, clock);
            this.members = new ClusterMembers(state);
            if (!isFounder) {
                enterStore();
            }
            awaitStore();
            tellWhereThisHostIs();
            if (isFounder) {
                found(identity);
            }
            closer.register(StoreAdmission.serve(link, store));
            ready = true;
        } catch (RuntimeException | InterruptedException e) {
            closer.closeAfter(e);
            throw e;
        }
    }

    // identity

    private HostIdentity identity(DataDirectory data) throws InterruptedException {
        Optional<HostIdentity> known = files.load(clock.instant());
        String hostId = HostIdFile.read(data, options.hostId().or(() -> known.map(HostIdentity::hostId)));
        if (known.isPresent()) {
            return known.get();
        }
        boolean founds = files.loadAuthority().isPresent()
                || options.discovery().isEmpty() && options.peers().isEmpty();
        return founds ? files.found(hostId, clock.instant()) : join(hostId);
    }

    private HostIdentity join(String hostId) throws InterruptedException {
        JoinToken token = options.joinToken()
                .orElseThrow(
                        () -> FlynnException.invalid(
                                "to join a cluster this host needs a token: give --join-token-file, with what 'flynn-host token create' printed on a host of it, or let 'flynn-host init' write the configuration"));
        var attempt = new JoinAttempt(token, hostId, files, json);
        var told = new Told();
        while (true) {
            try {
                JoinAttempt.Joined joined = JoinClient.join(peers.linkAddresses(), attempt, JOIN_TIMEOUT);
                peers.remember(joined.facts());
                return joined.identity();
            } catch (FlynnException e) {
                requireTemporary(e);
                told.once("waiting for a host of the cluster to join by: " + e.getMessage());
            }
            life.pause(RETRY);
        }
    }

    private static void requireTemporary(FlynnException e) {
        if (e.code() != ErrorCode.SERVICE_UNAVAILABLE && e.code() != ErrorCode.RATE_LIMITED) {
            throw e;
        }
    }

    // link

    private HostLink openLink() {
        int port = options.linkPort() == 0 ? ListenPorts.anyFree(options.listenIp()) : options.linkPort();
        return HostLink.builder(credentials)
                .listen(new InetSocketAddress(options.listenIp(), port))
                .advertise(options.externalIp() + ":" + port)
                .joinDesk(new JoinDesk(
                        this::membersIfReady, json, () -> KnownPeers.facts(storeMembers()), files::loadSealingKey))
                .build();
    }

    private ClusterMembers membersIfReady() {
        if (!ready) {
            throw FlynnException.unavailable(
                    "host \"%s\" does not take part in its cluster yet".formatted(hostId()), null);
        }
        return members;
    }

    // store

    private RatisClusterStore openStore(DataDirectory data, boolean isFounder) {
        var self = new StorePeer(hostId(), link.advertisedAddress());
        RatisClusterStore.Builder builder = RatisClusterStore.builder(data.directory("store"))
                .cluster(clusterId())
                .peer(self, new LinkPeerTransport(link));
        return isFounder ? builder.found(List.of(self)).build() : builder.join().build();
    }

    /** A replica that is new asks the cluster's others to let it follow. */
    private void enterStore() throws InterruptedException {
        var told = new Told();
        while (storeMembers().stream().noneMatch(StoreMember::isVoter)) {
            for (StorePeer peer : peers.remembered()) {
                try {
                    StoreAdmission.ask(link, peer);
                    break;
                } catch (FlynnException e) {
                    requireTemporary(e);
                    told.once("waiting for the cluster's store: " + e.getMessage());
                }
            }
            life.pause(Duration.ofMillis(200));
        }
    }

    /** A cluster that comes back has a store only once a majority of its voters is back. */
    private void awaitStore() throws InterruptedException {
        var told = new Told();
        while (true) {
            try {
                var unused = store.get(KNOWN, Consistency.LINEARIZABLE);
                return;
            } catch (FlynnException e) {
                requireTemporary(e);
                told.once("waiting for a majority of the store's voters (%s): %s".formatted(voters(), e.getMessage()));
            }
            life.pause(Duration.ofMillis(100));
        }
    }

    /** A host may come back with another address. */
    private void tellWhereThisHostIs() throws InterruptedException {
        var self = new StorePeer(hostId(), link.advertisedAddress());
        var told = new Told();
        while (!addressOf(hostId()).equals(Optional.of(self.address()))) {
            try {
                store.addListener(self);
            } catch (FlynnException e) {
                requireTemporary(e);
                told.once(
                        "telling the others that this host is at %s now: %s".formatted(self.address(), e.getMessage()));
            }
            life.pause(RETRY);
        }
    }

    private String voters() {
        return String.join(
                ", ",
                storeMembers().stream()
                        .filter(StoreMember::isVoter)
                        .map(StoreMember::id)
                        .sorted()
                        .toList());
    }

    private List<StoreMember> storeMembers() {
        try {
            return store.members();
        } catch (FlynnException notOpen) {
            return List.of();
        }
    }

    private void found(HostIdentity identity) {
        var unused = files.foundSealingKey();
        ClusterAuthority authority = files.loadAuthority().orElseThrow();
        members.found(authority, identity);
        files.firstToken().ifPresent(token -> {
            members.enter(token, "of the first hosts", TOKEN_USES, TOKEN_VALIDITY);
            files.deleteFirstToken();
        });
    }

    /** Tells the same thing once. */
    private final class Told {

        private String last = "";

        void once(String line) {
            if (!line.equals(last)) {
                last = line;
                say.accept(line);
            }
        }
    }

    // what this host has

    String hostId() {
        return credentials.hostId();
    }

    UUID clusterId() {
        return credentials.clusterId();
    }

    IdentityFiles files() {
        return files;
    }

    HostCredentials credentials() {
        return credentials;
    }

    RemovedHosts removed() {
        return removed;
    }

    HostLink link() {
        return link;
    }

    RatisClusterStore store() {
        return store;
    }

    ClusterState state() {
        return state;
    }

    ClusterMembers members() {
        return members;
    }

    /** Where another host's link is; empty if no such host is known. */
    Optional<String> addressOf(String hostId) {
        return storeMembers().stream()
                .filter(member -> member.id().equals(hostId))
                .map(StoreMember::address)
                .findFirst();
    }

    @Override
    public void close() {
        closer.close();
    }
}
