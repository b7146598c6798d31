package dev.flynn.link.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.app.Formation;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.identity.ClusterAuthority;
import dev.flynn.identity.ClusterMembers;
import dev.flynn.json.FlynnJson;
import dev.flynn.link.HostLink;
import dev.flynn.link.TestHosts;
import dev.flynn.link.admin.HostInfo.StoreRole;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.store.MemoryClusterStore;
import dev.flynn.store.StoreMember;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is promised is tested over the link: the commands' way. */
class ClusterHostAdminTest {

    private static final FlynnJson JSON = new FlynnJson();

    @TempDir
    Path directory;

    private final MemoryClusterStore store = new MemoryClusterStore();
    private final ClusterState state = new ClusterState(store, JSON, Clock.systemUTC());
    private final StoreDiscovery discovery = StoreDiscovery.builder(store).build();
    private final PlayedStore replicas = new PlayedStore();
    private final ReleaseId release = ReleaseId.random();
    private final AppId app = AppId.random();
    private final ClusterMembers members = new ClusterMembers(state);

    private TestHosts hosts;
    private final List<String> released = new CopyOnWriteArrayList<>();
    private HostAdmin admin;

    @BeforeEach
    void open() {
        hosts = new TestHosts(directory);
        ClusterAuthority authority = hosts.authority();
        members.found(authority, authority.identify("host1", Instant.now()));
        discovery.createService(HostPresence.SERVICE, LeaderType.OLDEST);
        for (String id : List.of("host1", "host2", "host3")) {
            add(id);
        }
        replicas.roles.put("host1", StoreMember.Role.VOTER);
        replicas.roles.put("host2", StoreMember.Role.VOTER);
        replicas.roles.put("host3", StoreMember.Role.VOTER);
        HostLink link = hosts.open(hosts.builder("host1").build());
        var local = new ClusterHostAdmin("host1", state, discovery, replicas, members, released::add);
        hosts.open(HostService.serve(link, local, JSON));
        admin = new RemoteHostAdmin(hosts.credentials("host1"), link.advertisedAddress(), JSON);
    }

    @AfterEach
    void close() throws Exception {
        hosts.close();
        discovery.close();
        store.close();
    }

    // ---- list

    @Test
    void hostsAreListedWithAllThatIsKnownOfThem() {
        admin.setTags("host2", Map.of("disk", "ssd"));
        admin.setDraining("host2", true);
        die("host3");
        replicas.roles.put("host4", StoreMember.Role.LISTENER);
        job("host1", Optional.of("web"));

        assertThat(admin.list())
                .containsExactly(
                        new HostInfo("host1", "192.0.2.1:1113", true, false, false, StoreRole.LEADER, Map.of(), 1),
                        new HostInfo(
                                "host2",
                                "192.0.2.2:1113",
                                true,
                                true,
                                false,
                                StoreRole.VOTER,
                                Map.of("disk", "ssd"),
                                0),
                        new HostInfo("host3", "192.0.2.3:1113", false, false, false, StoreRole.VOTER, Map.of(), 0),
                        new HostInfo("host4", "", false, false, false, StoreRole.LISTENER, Map.of(), 0));
        assertThat(admin.list()).extracting(HostInfo::state).containsExactly("alive", "draining", "dead", "dead");
    }

    @Test
    void aHostThatIsNotKnownIsRefusedWithThoseThatAre() {
        for (Runnable call : List.<Runnable>of(
                () -> admin.setTags("nobody", Map.of("a", "b")),
                () -> admin.setDraining("nobody", true),
                () -> admin.drainState("nobody"),
                () -> admin.promote("nobody"),
                () -> admin.demote("nobody", true),
                () -> admin.remove("nobody", true))) {
            assertThatThrownBy(call::run)
                    .hasMessageContaining("host \"nobody\" is not known; the cluster has host1, host2, host3")
                    .extracting(e -> ((FlynnException) e).code())
                    .isEqualTo(ErrorCode.OBJECT_NOT_FOUND);
        }
    }

    @Test
    void aHostIsFoundByItsAddressToo() {
        admin.setDraining("192.0.2.2:1113", true);
        admin.setDraining("192.0.2.3", true);

        assertThat(admin.list()).extracting(HostInfo::draining).containsExactly(false, true, true);
    }

    // ---- tags

    @Test
    void tagsAreSetOneByOneAndAnEmptyValueDeletes() {
        admin.setTags("host1", Map.of("disk", "ssd", "zone", "a"));
        admin.setTags("host1", Map.of("disk", "", "rack", "7", "unknown", ""));

        assertThat(state.hosts().get("host1").value().tags()).isEqualTo(Map.of("zone", "a", "rack", "7"));
    }

    @Test
    void aTagWithoutANameIsRefused() {
        assertThatThrownBy(() -> admin.setTags("host1", Map.of("", "x"))).hasMessageContaining("NAME=VALUE");
    }

    // ---- drain

    @Test
    void whatStaysOnADrainedHostIsSaidWithItsReason() {
        job("host2", Optional.of("web"));
        JobId agent = job("host2", Optional.of("agent"));
        JobId oneOff = job("host2", Optional.empty());
        admin.setDraining("host2", true);

        DrainState now = admin.drainState("host2");

        assertThat(now.leaving()).isEqualTo(1);
        assertThat(now.staying())
                .extracting(DrainState.Staying::job)
                .containsExactlyInAnyOrder(agent.value(), oneOff.value());
        assertThat(now.staying())
                .extracting(DrainState.Staying::reason)
                .containsExactlyInAnyOrder(
                        "it is of a type that runs on every host", "it is a one-off job, which ends by itself");
        assertThat(now.staying()).extracting(DrainState.Staying::app).containsOnly("shop");
    }

    @Test
    void onTheOnlyHostEverythingStays() {
        job("host2", Optional.of("web"));
        die("host1");
        admin.setDraining("host3", true);

        assertThat(admin.drainState("host2").staying())
                .extracting(DrainState.Staying::reason)
                .containsExactly("no other host takes new jobs");
    }

    // ---- votes

    @Test
    void aListenerIsPromotedAndAnEvenNumberOfVotersIsSaid() {
        add("host4");
        replicas.roles.put("host4", StoreMember.Role.LISTENER);

        assertThat(admin.promote("host4")).singleElement().asString().contains("4 voters");
        assertThat(replicas.roles).containsEntry("host4", StoreMember.Role.VOTER);
        assertThat(admin.promote("host4")).containsExactly("host \"host4\" has a vote already");
    }

    @Test
    void whoIsDeadOrHasNoReplicaGetsNoVote() {
        add("host4");
        assertThatThrownBy(() -> admin.promote("host4")).hasMessageContaining("start its daemon");
        replicas.roles.put("host4", StoreMember.Role.LISTENER);
        die("host4");
        assertThatThrownBy(() -> admin.promote("host4")).hasMessageContaining("\"host4\" is dead");
    }

    @Test
    void aDeadHostsVoteIsTakenOnlyByForce() {
        die("host3");

        assertThatThrownBy(() -> admin.demote("host3", false))
                .hasMessageContaining("--force")
                .hasMessageContaining("flynn-host remove host3");
        assertThat(admin.demote("host3", true)).singleElement().asString().contains("2 voters");
        assertThat(admin.demote("host3", true)).containsExactly("host \"host3\" has no vote");
    }

    @Test
    void theStoreKeepsAMajorityOfLivingVotersEvenByForce() {
        die("host3");

        assertThatThrownBy(() -> admin.demote("host2", true)).hasMessageContaining("[host3] do not live");
        assertThatThrownBy(() -> admin.remove("host2", true)).hasMessageContaining("[host3] do not live");
    }

    // ---- remove

    @Test
    void aDeadHostIsRemovedWithAllThatIsKnownOfIt() {
        members.found(hosts.authority(), hosts.authority().identify("host1", Instant.now()));
        JobId lost = job("host3", Optional.of("web"));
        JobId stays = job("host2", Optional.of("web"));
        discovery.createService("shop-web", LeaderType.OLDEST);
        discovery.register("shop-web", Instance.of("tcp", "192.0.2.3:10000", Map.of("FLYNN_JOB_ID", lost.value())));
        discovery.register("shop-web", Instance.of("tcp", "192.0.2.2:10000", Map.of("FLYNN_JOB_ID", stays.value())));
        die("host3");

        assertThat(admin.remove("host3", false)).singleElement().asString().contains("2 voters");
        assertThat(released).containsExactly("host3");

        assertThat(admin.list()).extracting(HostInfo::id).containsExactly("host1", "host2");
        assertThat(replicas.roles).doesNotContainKey("host3");
        assertThat(state.jobs().find(lost).orElseThrow().state()).isEqualTo(JobState.DOWN);
        assertThat(state.jobs().find(lost).orElseThrow().hostError()).contains("its host was removed from the cluster");
        assertThat(state.jobs().find(stays).orElseThrow().state()).isEqualTo(JobState.PENDING);
        assertThat(discovery.instances("shop-web")).extracting(Instance::addr).containsExactly("192.0.2.2:10000");
    }

    @Test
    void aHostThatIsAliveAndHasJobsIsDrainedFirst() {
        job("host3", Optional.of("web"));
        job("host3", Optional.of("agent"));

        assertThatThrownBy(() -> admin.remove("host3", false))
                .hasMessageContaining("\"host3\" is alive and has 1 jobs")
                .hasMessageContaining("flynn-host drain host3")
                .hasMessageContaining("--force");
        assertThat(replicas.roles).containsKey("host3");
        admin.remove("host3", true);
        assertThat(admin.list()).extracting(HostInfo::id).containsExactly("host1", "host2");
    }

    @Test
    void omniJobsAloneDoNotKeepAHost() {
        job("host3", Optional.of("agent"));

        admin.remove("host3", false);

        assertThat(admin.list()).extracting(HostInfo::id).containsExactly("host1", "host2");
    }

    @Test
    void aHostDoesNotRemoveItselfAndTheLastVoterStays() {
        assertThatThrownBy(() -> admin.remove("host1", true)).hasMessageContaining("run this on another host");
        replicas.roles.remove("host1");
        replicas.roles.remove("host2");
        assertThatThrownBy(() -> admin.remove("host3", true)).hasMessageContaining("only one that votes");
    }

    @Test
    void whatWasRemovedInPartIsRemovedInWhole() {
        Transaction.Builder transaction = Transaction.builder();
        transaction.delete(state.hosts().key("host3"));
        state.commit(transaction);
        die("host3");

        admin.remove("host3", false);

        assertThat(replicas.roles).doesNotContainKey("host3");
        assertThat(admin.list()).extracting(HostInfo::id).containsExactly("host1", "host2");
    }

    // ---- helpers

    private void add(String id) {
        String addr = "192.0.2." + id.substring(4) + ":1113";
        var host = new Host(id, "http://" + addr, Map.of());
        Transaction.Builder transaction = Transaction.builder();
        state.hosts().create(transaction, id, host);
        state.commit(transaction);
        discovery.register(HostPresence.SERVICE, HostPresence.instance(host, addr));
    }

    private void die(String id) {
        discovery.instances(HostPresence.SERVICE).stream()
                .filter(instance -> HostPresence.hostId(instance).equals(Optional.of(id)))
                .forEach(instance -> discovery.deregister(HostPresence.SERVICE, instance.id()));
    }

    /** A job of an app with the types web and agent, which is omni. */
    private JobId job(String host, Optional<String> type) {
        if (state.releases().find(release.toString()).isEmpty()) {
            createApp();
        }
        JobSpec command = JobSpec.ofCommand(JobId.random(host), new JobSpec.Image("host", "host:x"), List.of("sh"));
        Map<String, String> metadata = new TreeMap<>(Map.of(
                JobSpec.META_APP, app.toString(),
                JobSpec.META_APP_NAME, "shop",
                JobSpec.META_RELEASE, release.toString()));
        type.ifPresent(name -> metadata.put(JobSpec.META_TYPE, name));
        JobSpec spec = command.toBuilder().metadata(metadata).build();
        state.jobs().create(JobRecord.pending(spec, 0, Instant.now()));
        return spec.id();
    }

    private void createApp() {
        ProcessType web = ProcessType.ofCommand(List.of("web"));
        var agent = new ProcessType(
                web.cmd(), List.of(), Map.of(), List.of(), false, true, false, Optional.empty(), false, Map.of());
        Transaction.Builder transaction = Transaction.builder();
        state.releases()
                .create(
                        transaction,
                        release.toString(),
                        new Release(
                                release,
                                Optional.empty(),
                                List.of(),
                                Map.of(),
                                Map.of(),
                                Map.of("web", web, "agent", agent),
                                Instant.now()));
        state.formations()
                .create(
                        transaction,
                        ClusterState.formationId(app, release),
                        new Formation(app, release, Map.of("web", 1), Map.of(), Instant.now(), Instant.now()));
        state.commit(transaction);
    }

    /** A store whose replicas do what they are told. */
    private static final class PlayedStore implements StoreMembership {

        final Map<String, StoreMember.Role> roles = new TreeMap<>();

        @Override
        public List<StoreMember> members() {
            List<StoreMember> members = new ArrayList<>();
            roles.forEach((id, role) -> members.add(new StoreMember(id, id + ":1112", role)));
            return members;
        }

        @Override
        public Optional<String> leader() {
            return Optional.of("host1");
        }

        @Override
        public void promote(String hostId) {
            roles.put(hostId, StoreMember.Role.VOTER);
        }

        @Override
        public void demote(String hostId) {
            roles.put(hostId, StoreMember.Role.LISTENER);
        }

        @Override
        public void remove(String hostId) {
            roles.remove(hostId);
        }
    }
}
