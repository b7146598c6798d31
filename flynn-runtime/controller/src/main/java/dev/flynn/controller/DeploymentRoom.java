package dev.flynn.controller;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.release.ProcessType;
import dev.flynn.state.JobRecord;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Whether hosts have room for what a deployment begins with, so that one for which there is none is refused before anything
 * is changed. Where jobs go is the scheduler's decision: this one refuses only what no scheduler can place.
 */
final class DeploymentRoom {

    private final HostRoom room;

    DeploymentRoom(Collection<Host> hosts, Collection<JobRecord> jobs) {
        this.room = new HostRoom(
                hosts.stream().filter(host -> !host.draining() && !host.full()).toList(), jobs);
    }

    /**
     * Takes the room for the jobs that start while all old ones still run. Of types that keep data, and of those that run on
     * every host, it says nothing: they start where others end, or where they have to.
     *
     * @param tags what the hosts of each type must have
     * @throws FlynnException {@code NO_CAPACITY}, naming the type and the way out
     */
    void require(DeploymentUnit first, Map<String, ProcessType> types, Map<String, Map<String, String>> tags) {
        if (first.order() == DeploymentUnit.Order.STOP_FIRST) {
            return;
        }
        new TreeMap<>(first.newAfter()).forEach((type, after) -> {
            int more = after - first.newBefore().getOrDefault(type, 0);
            Optional<ProcessType> process = Optional.ofNullable(types.get(type));
            if (more > 0
                    && process.filter(known -> !known.data() && !known.omni()).isPresent()) {
                take(type, more, process.get(), tags.getOrDefault(type, Map.of()));
            }
        });
    }

    private void take(String type, int more, ProcessType process, Map<String, String> tags) {
        Capacity need = Capacity.reservedBy(process.resources());
        for (int placed = 0; placed < more; placed++) {
            Optional<Host> place = room.hosts().stream()
                    .filter(host -> host.tags().entrySet().containsAll(tags.entrySet())
                            && room.free(host).holds(need))
                    .findFirst();
            if (place.isEmpty()) {
                throw new FlynnException(
                        ErrorCode.NO_CAPACITY,
                        ("of %d new jobs of process type \"%s\" the hosts have room for %d%s; nothing was changed. Add a "
                                        + "host, scale something down, or deploy with strategy one-down-one-up, which "
                                        + "needs no more room than there is")
                                .formatted(more, type, placed, why(need, tags)));
            }
            room.take(place.get(), need);
        }
    }

    private static String why(Capacity need, Map<String, String> tags) {
        List<String> reasons = new ArrayList<>();
        if (!need.isNone()) {
            reasons.add("each reserves " + HostRoom.text(need));
        }
        if (!tags.isEmpty()) {
            reasons.add("hosts must have the tags " + new TreeMap<>(tags));
        }
        return reasons.isEmpty() ? "" : " (" + String.join(", ", reasons) + ")";
    }
}
