package dev.flynn.controller;

import dev.flynn.api.app.Strategy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One round of a deployment: the new release gets these counts, and once its jobs are up, the old one those.
 *
 * @param newBefore counts of the new release before this unit
 * @param last whether nothing of the old release is left after it
 */
record DeploymentUnit(
        Map<String, Integer> newBefore, Map<String, Integer> newAfter, Map<String, Integer> oldAfter, boolean last) {

    DeploymentUnit {
        newBefore = Map.copyOf(newBefore);
        newAfter = Map.copyOf(newAfter);
        oldAfter = Map.copyOf(oldAfter);
    }

    /**
     * The units of a deployment, in order.
     *
     * @param old counts of the old formation
     * @param target counts that the new formation shall have, types that the new release does not have left out
     */
    static List<DeploymentUnit> of(Strategy strategy, Map<String, Integer> old, Map<String, Integer> target) {
        return switch (strategy) {
            case ALL_AT_ONCE -> List.of(new DeploymentUnit(Map.of(), target, Map.of(), true));
            case ONE_BY_ONE -> oneByOne(old, target);
            case POSTGRES, DISCOVERD_META ->
                throw new IllegalArgumentException("no units are known for strategy " + strategy);
        };
    }

    private static List<DeploymentUnit> oneByOne(Map<String, Integer> old, Map<String, Integer> target) {
        List<DeploymentUnit> units = new ArrayList<>();
        Map<String, Integer> newCounts = new HashMap<>();
        Map<String, Integer> oldCounts = new HashMap<>(old);
        new TreeMap<>(target).forEach((type, count) -> {
            for (int i = 1; i <= count; i++) {
                Map<String, Integer> before = Map.copyOf(newCounts);
                newCounts.put(type, i);
                oldCounts.put(type, count - i);
                units.add(new DeploymentUnit(before, newCounts, oldCounts, false));
            }
        });
        units.add(new DeploymentUnit(newCounts, newCounts, Map.of(), true));
        return units;
    }
}
