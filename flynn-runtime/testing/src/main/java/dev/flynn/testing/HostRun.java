package dev.flynn.testing;

import dev.flynn.base.Closer;
import dev.flynn.containers.builtin.BuiltinContainerBackend;
import dev.flynn.discovery.StoreDiscovery;
import dev.flynn.host.HostAgent;
import dev.flynn.json.FlynnJson;
import dev.flynn.scheduler.RestartPolicy;
import dev.flynn.scheduler.SchedulerLoop;
import dev.flynn.spi.container.ContainerBackend;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.state.ClusterState;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A host from its start to its death: discovery, the agent and a scheduler, each as in the product, behind one {@link Gate}.
 */
final class HostRun {

    private final Closer closer = new Closer();
    private final Gate gate;
    private final HostStore store;
    private final Discovery discovery;
    private final GatedBackend backend;

    /** @param open opens what the host starts its jobs in, by the host's time */
    HostRun(EmbeddedHost host, Surroundings around, Function<HostTime, ContainerBackend> open) {
        this.gate = new Gate(host.id());
        this.store = new HostStore(around.store(), gate, around.wires(), around.deliveries());
        var time = new HostTime(around.time(), gate, host::wrongBy);
        var state = new ClusterState(store, new FlynnJson(), time.clock());
        try {
            this.discovery = closer.register(
                    StoreDiscovery.builder(store).member(host.id()).time(time).build());
            this.backend = closer.register(new GatedBackend(open.apply(time), gate, time.clock()));
            var builtin = closer.register(new BuiltinContainerBackend(List.of(), host.address(), time.clock()));
            closer.register(HostAgent.builder(host.id(), state, discovery)
                    .builtinBackend(builtin)
                    .appBackend(backend)
                    .logSink(around.logSink())
                    .listenIp(host.address())
                    .advertise(host.advertised())
                    .time(time)
                    .build());
            closer.register(new SchedulerLoop(state, around.scheduler(), RestartPolicy.DEFAULT, time, discovery));
        } catch (RuntimeException e) {
            gate.die();
            closer.closeAfter(e);
            throw e;
        }
    }

    Discovery discovery() {
        return discovery;
    }

    void setPaused(boolean paused) {
        gate.setPaused(paused);
    }

    void cutOff() {
        if (!gate.isCut()) {
            store.freeze();
            gate.setCut(true);
        }
    }

    void reconnect() {
        gate.setCut(false);
        store.thaw();
    }

    void failStarts(Optional<String> reason) {
        backend.fail(reason);
    }

    /** At once, and nobody is told: first nothing gets through the gate any more, then what is behind it is cleared away. */
    void kill() {
        backend.sever();
        closer.close();
    }
}
