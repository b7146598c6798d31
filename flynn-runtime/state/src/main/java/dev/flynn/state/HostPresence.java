package dev.flynn.state;

import dev.flynn.api.discovery.DiscoveryEvent;
import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Host;
import dev.flynn.spi.component.Subscription;
import dev.flynn.spi.discovery.Discovery;
import dev.flynn.spi.discovery.DiscoveryWatcher;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which hosts live, as discovery has it (contract: layer 0, Registration in discovery) and this process has seen it: a host
 * that is registered lives, one that has not been for long enough, by this process's own steady clock, is dead.
 *
 * <p>A watch that ended begins again with the next {@link #look}. Thread-safe.
 */
public final class HostPresence implements AutoCloseable {

    /** The service that every host registers itself in. */
    public static final String SERVICE = "flynn-host";

    /** In the metadata of an instance: the host's id. */
    public static final String META_ID = "id";

    /** What the key of a tag begins with in the metadata of an instance. */
    public static final String META_TAG = "tag:";

    private final Discovery discovery;
    private final Runnable onChange;
    private final LongSupplier nanos;
    private final Attendance attendance = new Attendance();

    // guarded by this
    private @Nullable Watch watch;
    private boolean closed;

    /** @param onChange called on a thread of discovery when a host comes or goes; must be quick */
    public HostPresence(Discovery discovery, Runnable onChange) {
        this(discovery, onChange, System::nanoTime);
    }

    /** @param nanos a clock that only goes forward */
    public HostPresence(Discovery discovery, Runnable onChange, LongSupplier nanos) {
        this.discovery = discovery;
        this.onChange = onChange;
        this.nanos = nanos;
    }

    /** How a host registers itself. */
    public static Instance instance(Host host, String addr) {
        Map<String, String> meta = new HashMap<>();
        host.tags().forEach((name, value) -> meta.put(META_TAG + name, value));
        meta.put(META_ID, host.id());
        return Instance.of("tcp", addr, meta);
    }

    /** Which host an instance of the service is; empty if it does not say so. */
    public static Optional<String> hostId(Instance instance) {
        return Optional.ofNullable(instance.meta().get(META_ID));
    }

    /**
     * Who lives and who is dead; of who is neither nothing can be said yet.
     *
     * @param known the hosts that are asked for
     * @throws FlynnException {@code SERVICE_UNAVAILABLE} if discovery does not answer
     */
    public Roll look(Set<String> known) {
        follow();
        synchronized (attendance) {
            return attendance.roll(known, nanos.getAsLong());
        }
    }

    /** The hosts that are registered now, read from discovery itself: what was seen before may be old. */
    public Set<String> registered() {
        return discovery.instances(SERVICE).stream()
                .flatMap(instance -> hostId(instance).stream())
                .collect(Collectors.toSet());
    }

    private void follow() {
        Watch next;
        synchronized (this) {
            if (closed || watch != null && !watch.ended) {
                return;
            }
            next = new Watch();
            watch = next;
            synchronized (attendance) {
                attendance.begin();
            }
        }
        try {
            next.subscription = discovery.watch(SERVICE, next);
        } catch (RuntimeException e) {
            next.ended = true;
            throw e;
        }
        if (isClosed()) {
            next.close();
        }
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        Watch last;
        synchronized (this) {
            closed = true;
            last = watch;
        }
        if (last != null) {
            last.close();
        }
    }

    /**
     * Who lives and who is dead.
     *
     * @param nextDeathInNanos how long it takes until somebody else is dead, unless somebody comes
     */
    public record Roll(Set<String> alive, Set<String> dead, Optional<Long> nextDeathInNanos) {
        public Roll {
            alive = Set.copyOf(alive);
            dead = Set.copyOf(dead);
        }

        /** Everybody lives. */
        public static Roll allAlive(Set<String> known) {
            return new Roll(known, Set.of(), Optional.empty());
        }
    }

    private final class Watch implements DiscoveryWatcher {

        private volatile boolean ended;
        private volatile @Nullable Subscription subscription;

        @Override
        public void onEvent(DiscoveryEvent event) {
            synchronized (attendance) {
                if (event instanceof DiscoveryEvent.Up up) {
                    appeared(up.instance());
                } else if (event instanceof DiscoveryEvent.Update update) {
                    appeared(update.instance());
                } else if (event instanceof DiscoveryEvent.Down down) {
                    attendance.gone(down.instance().id(), nanos.getAsLong());
                } else if (event instanceof DiscoveryEvent.Current) {
                    attendance.complete(nanos.getAsLong());
                } else {
                    return;
                }
            }
            onChange.run();
        }

        private void appeared(Instance instance) {
            hostId(instance).ifPresent(host -> attendance.appeared(instance.id(), host));
        }

        @Override
        public void onEnd(FlynnException reason) {
            ended = true;
            onChange.run();
        }

        void close() {
            Subscription last = subscription;
            if (last != null) {
                last.close();
            }
        }
    }
}
