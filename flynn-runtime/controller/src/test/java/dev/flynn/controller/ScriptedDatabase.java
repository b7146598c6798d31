package dev.flynn.controller;

import dev.flynn.api.id.JobId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.controller.DeploymentSnapshot.JobView;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Members of a replicated database that follow the rules of the appliance: who joins is the last async, and when one leaves
 * those behind it move up. A member has what its upstream has only after it was asked for that a few times.
 */
final class ScriptedDatabase implements DeploymentPlan.Databases, SireniaAppliance {

    /** The chain after each change, as {@code O/O/[O N]}. */
    final List<String> chains = new ArrayList<>();

    /** Members that never have all that their upstream has. */
    final Set<String> neverSynced = new HashSet<>();

    /** Members that do not leave when they are told to. */
    final Set<String> deaf = new HashSet<>();

    private final boolean exists;
    private final List<SireniaPeer> chain = new ArrayList<>();
    private final List<String> asked = new ArrayList<>();
    boolean singleton;
    private ReleaseId oldRelease = ReleaseId.random();

    private ScriptedDatabase(boolean exists) {
        this.exists = exists;
    }

    static ScriptedDatabase none() {
        return new ScriptedDatabase(false);
    }

    /** Primary {@code o1}, sync {@code o2}, asyncs from {@code o3} on. */
    static ScriptedDatabase of(int members, ReleaseId release) {
        var database = new ScriptedDatabase(true);
        database.oldRelease = release;
        for (int i = 1; i <= members; i++) {
            database.chain.add(peer("o" + i, release.toString()));
        }
        database.chains.add(database.shown());
        return database;
    }

    private static SireniaPeer peer(String name, String release) {
        return new SireniaPeer("instance-" + name, name, "10.0.0.1:5432", release, "host1-" + name);
    }

    /** A job registered. */
    void joins(JobView job) {
        joins(job.type(), job.release(), job.id());
    }

    void joins(String type, ReleaseId release, JobId job) {
        if (exists && type.equals(type())) {
            long before = chain.stream().filter(peer -> !isOld(peer)).count();
            long left = chains.stream().filter(shown -> shown.contains("N")).count();
            chain.add(peer("n" + (before + left) + job.value(), release.toString()));
            chains.add(shown());
        }
    }

    private boolean isOld(SireniaPeer peer) {
        return peer.release().equals(oldRelease.toString());
    }

    private String shown() {
        List<String> names = chain.stream().map(peer -> isOld(peer) ? "O" : "N").toList();
        return names.size() < 2
                ? String.join("", names)
                : "%s/%s/[%s]".formatted(names.get(0), names.get(1), String.join(" ", names.subList(2, names.size())));
    }

    @Override
    public String type() {
        return "postgres";
    }

    @Override
    public SireniaAppliance of(String service) {
        return this;
    }

    @Override
    public Optional<Chain> chain() {
        return exists
                ? Optional.of(new Chain(
                        chain.get(0),
                        chain.stream().skip(1).findFirst(),
                        chain.stream().skip(2).toList(),
                        singleton))
                : Optional.empty();
    }

    @Override
    public List<SireniaPeer> peers() {
        return List.copyOf(chain);
    }

    @Override
    public Optional<Status> status(SireniaPeer peer) {
        int at = chain.indexOf(peer);
        if (at < 0) {
            return Optional.empty();
        }
        Optional<SireniaPeer> downstream = chain.stream().skip(at + 1).findFirst();
        String link = peer.peer() + downstream.map(SireniaPeer::peer).orElse("");
        asked.add(link);
        boolean synced = asked.stream().filter(link::equals).count() > 2
                && downstream.filter(next -> !neverSynced.contains(next.peer())).isPresent();
        return Optional.of(
                new Status(at == 0 && synced, synced ? downstream.get().peer() : ""));
    }

    @Override
    public void stop(SireniaPeer peer) {
        if (!deaf.contains(peer.peer()) && chain.remove(peer)) {
            chains.add(shown());
        }
    }

    /** Names of the members that are there. */
    Set<String> members() {
        return chain.stream().map(SireniaPeer::peer).collect(Collectors.toSet());
    }
}
