package dev.flynn.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Capacity;
import dev.flynn.api.host.Host;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.ResourceLimit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DeploymentRoomTest {

    private static final long MIB = 1 << 20;
    private static final Map<String, ProcessType> WEB = Map.of(
            "web",
            SimulatedCluster.withService("x-web")
                    .withResources(Map.of(
                            "memory", new ResourceLimit(OptionalLong.of(300 * MIB), OptionalLong.of(300 * MIB)))));

    private static Host host(String id, long freeMib) {
        return new Host(id, "http://127.0.0.1:1", Map.of("disk", "ssd"))
                .withCapacity(Optional.of(new Capacity(freeMib * MIB, 4000)));
    }

    private static void require(Strategy strategy, List<Host> hosts, Map<String, Map<String, String>> tags) {
        Map<String, Integer> counts = Map.of("web", 3);
        DeploymentUnit first = DeploymentUnit.of(
                        strategy, SimulatedCluster.PACE, counts, counts, Set.of(), Optional.empty())
                .get(0);
        new DeploymentRoom(hosts, List.of()).require(first, WEB, tags);
    }

    @Test
    void whatFitsIsNotRefused() {
        assertThatCode(() -> require(Strategy.ALL_AT_ONCE, List.of(host("a", 600), host("b", 300)), Map.of()))
                .doesNotThrowAnyException();
        assertThatCode(() -> require(Strategy.ONE_BY_ONE, List.of(host("a", 299), host("b", 300)), Map.of()))
                .doesNotThrowAnyException();
    }

    @Test
    void roomThatIsInPiecesIsNoRoom() {
        assertThatThrownBy(() -> require(Strategy.ALL_AT_ONCE, List.of(host("a", 500), host("b", 500)), Map.of()))
                .isInstanceOfSatisfying(
                        FlynnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_CAPACITY))
                .hasMessageStartingWith(
                        "of 3 new jobs of process type \"web\" the hosts have room for 2 (each reserves 300 MiB); nothing "
                                + "was changed");
    }

    @Test
    void whoStopsFirstNeedsNoRoom() {
        assertThatCode(() -> require(Strategy.ONE_DOWN_ONE_UP, List.of(host("a", 0)), Map.of()))
                .doesNotThrowAnyException();
    }

    @Test
    void aHostThatDrainsOrIsFullOrHasOtherTagsHasNoRoom() {
        assertThatThrownBy(() -> require(
                        Strategy.ONE_BY_ONE,
                        List.of(
                                host("a", 900).withDraining(true),
                                host("b", 900).withFull(true)),
                        Map.of()))
                .hasMessageContaining("room for 0");
        assertThatThrownBy(() ->
                        require(Strategy.ONE_BY_ONE, List.of(host("a", 900)), Map.of("web", Map.of("disk", "hdd"))))
                .hasMessageContaining("hosts must have the tags {disk=hdd}");
    }
}
