package dev.flynn.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The clusters that the user has added, in the order of the file.
 *
 * @param defaultName name of the default cluster, may be empty
 */
record ClusterList(String defaultName, List<Cluster> clusters) {

    static final ClusterList EMPTY = new ClusterList("", List.of());

    ClusterList {
        clusters = List.copyOf(clusters);
    }

    Optional<Cluster> named(String name) {
        return clusters.stream().filter(cluster -> cluster.name().equals(name)).findFirst();
    }

    boolean isDefault(Cluster cluster) {
        return cluster.name().equals(defaultName);
    }

    ClusterList with(Cluster added) {
        List<Cluster> all = new ArrayList<>(clusters);
        all.add(added);
        return new ClusterList(clusters.isEmpty() ? added.name() : defaultName, all);
    }

    /** With another cluster in the place of one. */
    ClusterList with(Cluster old, Cluster replacement) {
        List<Cluster> all = new ArrayList<>(clusters);
        all.replaceAll(cluster -> cluster.equals(old) ? replacement : cluster);
        return new ClusterList(isDefault(old) ? replacement.name() : defaultName, all);
    }

    /** Without a cluster; the first one left becomes the default if it was that one. */
    ClusterList without(Cluster removed) {
        List<Cluster> left =
                clusters.stream().filter(cluster -> !cluster.equals(removed)).toList();
        if (!isDefault(removed)) {
            return new ClusterList(defaultName, left);
        }
        return new ClusterList(left.isEmpty() ? "" : left.get(0).name(), left);
    }

    ClusterList withDefault(String name) {
        return new ClusterList(name, clusters);
    }
}
