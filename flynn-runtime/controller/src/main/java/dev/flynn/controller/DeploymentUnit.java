package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * One round of a deployment: the new release gets these counts, and the old one those.
 *
 * @param newBefore counts of the new release before this unit
 * @param oldBefore counts of the old release before this unit
 * @param order which of the two comes first
 * @param end what comes after it
 */
record DeploymentUnit(
        Map<String, Integer> newBefore,
        Map<String, Integer> newAfter,
        Map<String, Integer> oldBefore,
        Map<String, Integer> oldAfter,
        Order order,
        End end) {

    /** What a unit does first. */
    enum Order {
        /** New jobs are up before old ones stop. */
        START_FIRST,
        /** Old jobs are down before new ones start. */
        STOP_FIRST
    }

    /** What follows when a unit's jobs are as they should be. */
    enum End {
        NEXT,
        /** The next one, after a trial of the new jobs. */
        HOLD,
        /** The next one, after a member of a replicated database handed over to the new job. */
        HAND_OVER,
        /** Nothing of the old release is left. */
        LAST
    }

    DeploymentUnit {
        newBefore = Map.copyOf(newBefore);
        newAfter = Map.copyOf(newAfter);
        oldBefore = Map.copyOf(oldBefore);
        oldAfter = Map.copyOf(oldAfter);
    }

    /** Whether new jobs are wanted that were not before. */
    boolean starts() {
        return !newAfter.equals(newBefore);
    }

    /**
     * The units of a deployment, in order.
     *
     * @param old counts of the old formation
     * @param target counts that the new formation shall have, types that the new release does not have left out
     * @param keepData types whose new jobs go on with the data of the old ones
     * @param database the type of the members of a replicated database, which are replaced before everything else; all of them
     *     run until the last one is replaced
     */
    static List<DeploymentUnit> of(
            Strategy strategy,
            DeploymentPace pace,
            Map<String, Integer> old,
            Map<String, Integer> target,
            Set<String> keepData,
            Optional<String> database) {
        var units = new Units(old);
        switch (strategy) {
            case ALL_AT_ONCE -> units.end(target);
            case ONE_BY_ONE, DISCOVERD_META -> units.inBatches(target, 1, Order.START_FIRST);
            case POSTGRES -> {
                database.ifPresent(type -> units.replaceMembers(type, target.getOrDefault(type, 0)));
                Map<String, Integer> others = new HashMap<>(target);
                database.ifPresent(others::remove);
                units.inBatches(others, 1, Order.START_FIRST);
            }
            case IN_BATCHES -> units.inBatches(target, pace.batchSize(), Order.START_FIRST);
            case ONE_DOWN_ONE_UP -> units.inBatches(target, 1, Order.STOP_FIRST);
            case CANARY -> units.canary(target, pace.canaryWeight(), keepData);
        }
        return units.units;
    }

    /** Units in the making. */
    private static final class Units {

        private final List<DeploymentUnit> units = new ArrayList<>();
        private Map<String, Integer> newCounts = Map.of();
        private Map<String, Integer> oldCounts;

        Units(Map<String, Integer> old) {
            oldCounts = Map.copyOf(old);
        }

        private void add(Map<String, Integer> newAfter, Map<String, Integer> oldAfter, Order order, End end) {
            units.add(new DeploymentUnit(newCounts, newAfter, oldCounts, oldAfter, order, end));
            newCounts = Map.copyOf(newAfter);
            oldCounts = Map.copyOf(oldAfter);
        }

        void end(Map<String, Integer> target) {
            add(target, Map.of(), Order.START_FIRST, End.LAST);
        }

        void inBatches(Map<String, Integer> target, int size, Order order) {
            new TreeMap<>(target).forEach((type, count) -> {
                for (int replaced = 0; replaced < count; ) {
                    replaced = (int) Math.min((long) replaced + size, count);
                    add(with(newCounts, type, replaced), with(oldCounts, type, count - replaced), order, End.NEXT);
                }
            });
            end(newCounts);
        }

        void replaceMembers(String type, int count) {
            for (int started = 1; started <= count; started++) {
                add(with(newCounts, type, started), oldCounts, Order.START_FIRST, End.HAND_OVER);
            }
            add(newCounts, with(oldCounts, type, 0), Order.START_FIRST, End.NEXT);
        }

        /** A type with one job has both an old and a new one on trial; what keeps data cannot be had by both. */
        void canary(Map<String, Integer> target, int weight, Set<String> keepData) {
            Map<String, Integer> canaries = newCounts;
            Map<String, Integer> rest = oldCounts;
            for (Map.Entry<String, Integer> wanted : target.entrySet()) {
                int count = wanted.getValue();
                if (count > 0 && !keepData.contains(wanted.getKey())) {
                    int share = Math.max(1, (int) ((long) count * weight / 100));
                    canaries = with(canaries, wanted.getKey(), share);
                    rest = with(rest, wanted.getKey(), Math.max(1, count - share));
                }
            }
            if (!canaries.isEmpty()) {
                add(canaries, rest, Order.START_FIRST, End.HOLD);
            }
            end(target);
        }

        private static Map<String, Integer> with(Map<String, Integer> counts, String type, int count) {
            Map<String, Integer> changed = new HashMap<>(counts);
            changed.put(type, count);
            return changed;
        }
    }
}
