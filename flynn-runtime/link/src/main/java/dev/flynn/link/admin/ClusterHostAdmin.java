package dev.flynn.link.admin;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;

import dev.flynn.api.app.Formation;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.api.host.JobSpec;
import dev.flynn.api.job.JobState;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.identity.ClusterMembers;
import dev.flynn.link.admin.HostInfo.StoreRole;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.store.Transaction;
import dev.flynn.state.Binding;
import dev.flynn.state.ClusterState;
import dev.flynn.state.HostPresence;
import dev.flynn.state.JobRecord;
import dev.flynn.state.Versioned;
import dev.flynn.store.StoreMember;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Hosts as the records, discovery and the store have them. Thread-safe. */
public final class ClusterHostAdmin implements HostAdmin {

    private static final String JOB_ID = "FLYNN_JOB_ID";
    private static final int MAX_TAGS = 64;
    private static final int MAX_TAG_LENGTH = 256;

    private final String self;
    private final ClusterState state;
    private final Discovery discovery;
    private final StoreMembership store;
    private final ClusterMembers members;
    private final Consumer<String> release;

    /**
     * @param self the host that this runs on
     * @param release gives back what else a host has of the cluster, when it is removed
     */
    public ClusterHostAdmin(
            String self,
            ClusterState state,
            Discovery discovery,
            StoreMembership store,
            ClusterMembers members,
            Consumer<String> release) {
        this.self = self;
        this.state = state;
        this.discovery = discovery;
        this.store = store;
        this.members = members;
        this.release = release;
    }

    // looking

    @Override
    public List<HostInfo> list() {
        Map<String, Host> records =
                state.hosts().list().stream().map(Versioned::value).collect(toMap(Host::id, host -> host));
        Map<String, Instance> registered = registered();
        Map<String, StoreMember> replicas = store.members().stream().collect(toMap(StoreMember::id, member -> member));
        Optional<String> leader = store.leader();
        Map<String, Long> jobs =
                liveJobs().stream().collect(groupingBy(job -> job.value().hostId(), counting()));
        Set<String> ids = new TreeSet<>(records.keySet());
        ids.addAll(registered.keySet());
        ids.addAll(replicas.keySet());
        List<HostInfo> hosts = new ArrayList<>();
        for (String id : ids) {
            Optional<Host> record = Optional.ofNullable(records.get(id));
            Optional<StoreMember> replica = Optional.ofNullable(replicas.get(id));
            hosts.add(new HostInfo(
                    id,
                    Optional.ofNullable(registered.get(id))
                            .map(Instance::addr)
                            .or(() -> record.map(host -> host.url().replaceFirst("^https?://", "")))
                            .orElse(""),
                    registered.containsKey(id),
                    record.map(Host::draining).orElse(false),
                    record.map(Host::full).orElse(false),
                    role(replica, leader),
                    record.map(Host::tags).orElse(Map.of()),
                    jobs.getOrDefault(id, 0L).intValue()));
        }
        return hosts;
    }

    private Map<String, Instance> registered() {
        Map<String, Instance> registered = new HashMap<>();
        for (Instance instance : discovery.instances(HostPresence.SERVICE)) {
            HostPresence.hostId(instance).ifPresent(id -> registered.put(id, instance));
        }
        return registered;
    }

    private static StoreRole role(Optional<StoreMember> replica, Optional<String> leader) {
        if (replica.isEmpty()) {
            return StoreRole.NONE;
        }
        if (!replica.get().isVoter()) {
            return StoreRole.LISTENER;
        }
        return leader.equals(Optional.of(replica.get().id())) ? StoreRole.LEADER : StoreRole.VOTER;
    }

    private List<Versioned<JobRecord>> liveJobs() {
        return state.jobs().table().list().stream()
                .filter(job -> job.value().state() != JobState.DOWN)
                .toList();
    }

    private HostInfo find(String name, List<HostInfo> hosts) {
        return hosts.stream()
                .filter(host -> host.id().equals(name) || host.addr().equals(name) || ip(host).equals(name))
                .findFirst()
                .orElseThrow(() -> new FlynnException(
                        ErrorCode.OBJECT_NOT_FOUND,
                        "host \"%s\" is not known; the cluster has %s"
                                .formatted(
                                        name,
                                        hosts.isEmpty()
                                                ? "no hosts"
                                                : String.join(
                                                        ", ",
                                                        hosts.stream()
                                                                .map(HostInfo::id)
                                                                .toList()))));
    }

    private static String ip(HostInfo host) {
        int colon = host.addr().lastIndexOf(':');
        return colon < 0 ? host.addr() : host.addr().substring(0, colon);
    }

    private HostInfo find(String name) {
        return find(name, list());
    }

    // tags and draining

    @Override
    public void setTags(String host, Map<String, String> changes) {
        changes.forEach(ClusterHostAdmin::requireTag);
        state.hosts().update(find(host).id(), record -> {
            Map<String, String> tags = new TreeMap<>(record.tags());
            tags.putAll(changes);
            tags.values().removeIf(String::isEmpty);
            if (tags.size() > MAX_TAGS) {
                throw FlynnException.invalid(
                        "a host has at most %d tags, and these would be %d".formatted(MAX_TAGS, tags.size()));
            }
            return record.withTags(tags);
        });
    }

    private static void requireTag(String name, String value) {
        if (name.isEmpty() || name.length() > MAX_TAG_LENGTH || value.length() > MAX_TAG_LENGTH) {
            throw FlynnException.invalid("a tag is NAME=VALUE, each of at most %d characters; was \"%s=%s\""
                    .formatted(MAX_TAG_LENGTH, name, value));
        }
    }

    @Override
    public void setDraining(String host, boolean draining) {
        state.hosts().update(find(host).id(), record -> record.withDraining(draining));
    }

    @Override
    public DrainState drainState(String host) {
        List<HostInfo> hosts = list();
        return drainState(find(host, hosts), hosts);
    }

    private DrainState drainState(HostInfo drained, List<HostInfo> hosts) {
        List<Host> takers = hosts.stream()
                .filter(host -> host.alive() && !host.draining() && !host.id().equals(drained.id()))
                .map(host -> new Host(host.id(), host.addr(), host.tags()))
                .toList();
        int leaving = 0;
        List<DrainState.Staying> staying = new ArrayList<>();
        for (Versioned<JobRecord> versioned : liveJobs()) {
            JobRecord job = versioned.value();
            if (!job.hostId().equals(drained.id())) {
                continue;
            }
            Optional<String> reason = job.stopRequested() ? Optional.empty() : bound(job, takers);
            if (reason.isPresent()) {
                staying.add(new DrainState.Staying(
                        job.id().value(),
                        job.spec().metadata().getOrDefault(JobSpec.META_APP_NAME, ""),
                        job.type().orElse(""),
                        reason.get()));
            } else {
                leaving++;
            }
        }
        return new DrainState(leaving, staying);
    }

    private Optional<String> bound(JobRecord job, List<Host> takers) {
        if (job.app().isEmpty() || job.release().isEmpty()) {
            return Optional.of("it belongs to no app");
        }
        String type = job.type().orElse("");
        Optional<ProcessType> process = job.release()
                .flatMap(id -> state.releases().find(id.toString()))
                .map(Versioned::value)
                .map(Release::processes)
                .flatMap(types -> Optional.ofNullable(types.get(type)));
        Map<String, String> tags = state.formations()
                .find(ClusterState.formationId(
                        job.app().orElseThrow(), job.release().orElseThrow()))
                .map(Versioned::value)
                .map(Formation::tags)
                .map(all -> all.getOrDefault(type, Map.of()))
                .orElse(Map.of());
        return Binding.of(job, process, tags, takers);
    }

    // votes

    @Override
    public List<String> promote(String name) {
        HostInfo host = find(name);
        switch (host.storeRole()) {
            case LEADER, VOTER -> {
                return List.of("host \"%s\" has a vote already".formatted(host.id()));
            }
            case NONE ->
                throw Voters.refused("host \"%s\" has no replica of the store; start its daemon".formatted(host.id()));
            case LISTENER -> {
                if (!host.alive()) {
                    throw Voters.refused("host \"%s\" is dead: its vote would only be missing; start its daemon first"
                            .formatted(host.id()));
                }
            }
        }
        store.promote(host.id());
        return adviceNow();
    }

    @Override
    public List<String> demote(String name, boolean force) {
        List<HostInfo> hosts = list();
        HostInfo host = find(name, hosts);
        if (!host.storeRole().isVoter()) {
            return List.of("host \"%s\" has no vote".formatted(host.id()));
        }
        Voters.of(hosts).requireEnoughWithout(host.id());
        if (!host.alive() && !force) {
            throw Voters.refused(
                    "host \"%s\" does not answer; take its vote with --force, or take it out of the cluster with 'flynn-host remove %s'"
                            .formatted(host.id(), host.id()));
        }
        store.demote(host.id());
        return adviceNow();
    }

    private List<String> adviceNow() {
        return Voters.of(list()).advice().stream().toList();
    }

    // removing

    @Override
    public List<String> remove(String name, boolean force) {
        List<HostInfo> hosts = list();
        HostInfo host = find(name, hosts);
        if (host.id().equals(self)) {
            throw Voters.refused("host \"%s\" cannot remove itself; run this on another host".formatted(self));
        }
        if (host.storeRole().isVoter()) {
            Voters.of(hosts).requireEnoughWithout(host.id());
        }
        if (host.alive() && !force) {
            requireDrained(host, hosts);
        }
        store.remove(host.id());
        members.remove(host.id());
        release.accept(host.id());
        forget(host.id());
        return adviceNow();
    }

    private void requireDrained(HostInfo host, List<HostInfo> hosts) {
        long jobs = liveJobs().stream()
                .map(Versioned::value)
                .filter(job -> job.hostId().equals(host.id()) && !isOmni(job))
                .count();
        if (jobs > 0) {
            int stay = (int) (jobs - drainState(host, hosts).leaving());
            throw Voters.refused(
                    "host \"%s\" is alive and has %d jobs%s; 'flynn-host drain %s' first, or --force, which loses them"
                            .formatted(
                                    host.id(),
                                    jobs,
                                    stay > 0 ? " (%d of them can run nowhere else)".formatted(stay) : "",
                                    host.id()));
        }
    }

    private boolean isOmni(JobRecord job) {
        return job.release()
                .flatMap(id -> state.releases().find(id.toString()))
                .map(release -> release.value().processes().get(job.type().orElse("")))
                .map(ProcessType::omni)
                .orElse(false);
    }

    /** The record goes first, so that no scheduler starts anything there any more. */
    private void forget(String hostId) {
        state.commit(Transaction.builder().delete(state.hosts().key(hostId)));
        for (Versioned<JobRecord> job : liveJobs()) {
            if (job.value().hostId().equals(hostId)) {
                state.jobs()
                        .update(
                                job.value().id(),
                                record -> record.state() == JobState.DOWN
                                        ? record
                                        : record.lost(
                                                "its host was removed from the cluster",
                                                state.clock().instant()));
            }
        }
        for (String service : discovery.services()) {
            for (Instance instance : discovery.instances(service)) {
                if (isOf(hostId, service, instance)) {
                    discovery.deregister(service, instance.id());
                }
            }
        }
    }

    private static boolean isOf(String hostId, String service, Instance instance) {
        return instance.meta().getOrDefault(JOB_ID, "").startsWith(hostId + "-")
                || service.equals(HostPresence.SERVICE)
                        && HostPresence.hostId(instance).equals(Optional.of(hostId));
    }
}
