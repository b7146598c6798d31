package dev.flynn.blobstore;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * What one host has to do so that each object has its copies: a pure function of what it sees.
 *
 * @param tasks of this host, in the order in which they are to be done
 * @param unreferenced copies here that no record names, and that may belong to a put which is under way
 * @param underReplicated objects with fewer copies than they are to have, in the whole cluster
 * @param lost objects of which no host that lives has a copy
 */
record RepairPlan(List<Task> tasks, Set<String> unreferenced, int underReplicated, int lost) {

    /** One object's share. */
    sealed interface Task {
        BlobRecord record();
    }

    /** This host lost its copy and gets it from another. */
    record Fetch(BlobRecord record) implements Task {}

    /**
     * This host is the one to make more copies.
     *
     * @param candidates in the order in which they are tried
     */
    record Spread(BlobRecord record, List<String> candidates, int missing) implements Task {}

    /** There are more copies than needed, and this host's is the one to go. */
    record Leave(BlobRecord record) implements Task {}

    /** @param here the versions of which this host has a copy */
    static RepairPlan of(Collection<BlobRecord> records, Members members, Set<String> here) {
        List<Task> fetches = new ArrayList<>();
        List<Task> others = new ArrayList<>();
        Set<String> unreferenced = new java.util.HashSet<>(here);
        int wanted = Replication.wanted(members.hosts().size());
        int underReplicated = 0;
        int lost = 0;
        for (BlobRecord record : records) {
            boolean isHere = here.contains(record.version());
            if (record.isOn(members.self())) {
                unreferenced.remove(record.version());
            }
            List<String> order = Replication.order(record.version(), record.hosts());
            List<String> readable = order.stream().filter(members::serves).toList();
            List<String> kept = order.stream().filter(members::keeps).toList();
            boolean fetch = record.isOn(members.self()) && !isHere;
            if (kept.size() < wanted || fetch) {
                underReplicated++;
            }
            if (readable.isEmpty()) {
                lost++;
            }
            if (fetch) {
                fetches.add(new Fetch(record));
            } else if (kept.size() < wanted
                    && !readable.isEmpty()
                    && readable.get(0).equals(members.self())) {
                List<String> candidates = Replication.order(record.version(), members.hosts()).stream()
                        .filter(host -> members.keeps(host) && !record.isOn(host))
                        .toList();
                if (!candidates.isEmpty()) {
                    others.add(new Spread(record, candidates, wanted - kept.size()));
                }
            } else if (kept.size() > wanted && kept.get(kept.size() - 1).equals(members.self())) {
                others.add(new Leave(record));
            }
        }
        fetches.addAll(others);
        return new RepairPlan(List.copyOf(fetches), Set.copyOf(unreferenced), underReplicated, lost);
    }

    /** Whether there is nothing left to be done or to be waited for. */
    boolean isDone() {
        return tasks.isEmpty() && unreferenced.isEmpty();
    }
}
