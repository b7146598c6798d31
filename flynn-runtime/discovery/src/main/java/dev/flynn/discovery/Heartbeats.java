package dev.flynn.discovery;

import static java.util.Objects.requireNonNull;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.ErrorType;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Executors;
import dev.flynn.base.NamedThreads;
import dev.flynn.base.TimeSource;
import dev.flynn.spi.discovery.Discovery;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps instances registered: a heartbeat every half of the time to live, after a failure every 200 ms until it works again.
 *
 * <pre>{@code
 * try (var heartbeats = new Heartbeats(discovery);
 *         Registration web = heartbeats.keep("web", Instance.of("http", "10.0.0.1:80", Map.of()))) {
 *     …
 * }
 * }</pre>
 */
public final class Heartbeats implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(Heartbeats.class);

    private static final Duration RETRY = Duration.ofMillis(200);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final Discovery discovery;
    private final ScheduledExecutorService timer;
    private final Set<Kept> kept = ConcurrentHashMap.newKeySet();

    /** @param discovery stays open when this is closed */
    public Heartbeats(Discovery discovery) {
        this(discovery, TimeSource.SYSTEM);
    }

    /**
     * @param discovery stays open when this is closed
     * @param time by which the heartbeats beat
     */
    public Heartbeats(Discovery discovery, TimeSource time) {
        this.discovery = requireNonNull(discovery, "discovery");
        this.timer = time.newTimer(1, new NamedThreads("heartbeats"));
    }

    /**
     * Registers an instance, whose service is created if it does not exist, and keeps it registered. When discovery does not
     * answer now, that is tried again in the background.
     *
     * @throws FlynnException {@code VALIDATION} and the like, for a registration that can never work
     */
    public Registration keep(String service, Instance instance) {
        var registration = new Kept(service, instance);
        registration.begin();
        return registration;
    }

    /** Closes all registrations. */
    @Override
    public void close() {
        kept.forEach(Kept::close);
        Executors.stop(timer, "heartbeats", STOP_PATIENCE);
    }

    private final class Kept implements Registration {

        private final String service;
        private Instance wanted;
        private @Nullable Instance confirmed;
        private @Nullable Future<?> next;
        private boolean failing;
        private boolean closed;

        Kept(String service, Instance instance) {
            this.service = service;
            this.wanted = instance;
        }

        synchronized void begin() {
            kept.add(this);
            try {
                createService();
                confirmed = discovery.register(service, wanted);
                scheduleIn(interval());
            } catch (RuntimeException e) {
                if (!(e instanceof FlynnException failure) || failure.code().type() == ErrorType.USER) {
                    kept.remove(this);
                    throw e;
                }
                failed(e);
            }
        }

        private void createService() {
            try {
                discovery.createService(service, LeaderType.OLDEST);
            } catch (FlynnException e) {
                if (e.code() != ErrorCode.OBJECT_EXISTS) {
                    throw e;
                }
            }
        }

        private synchronized void beat() {
            if (closed) {
                return;
            }
            try {
                if (confirmed == null) {
                    createService();
                }
                confirmed = discovery.register(service, wanted);
                if (failing) {
                    failing = false;
                    log.atInfo()
                            .addKeyValue("service", service)
                            .addKeyValue("instance", wanted.addr())
                            .log("heartbeats work again");
                }
                scheduleIn(interval());
            } catch (RuntimeException e) {
                failed(e);
            }
        }

        private void failed(RuntimeException e) {
            if (!failing) {
                failing = true;
                log.atWarn()
                        .setCause(e)
                        .addKeyValue("service", service)
                        .addKeyValue("instance", wanted.addr())
                        .log("heartbeat failed; trying again");
            }
            scheduleIn(RETRY);
        }

        private Duration interval() {
            return discovery.ttl().dividedBy(2);
        }

        private void scheduleIn(Duration delay) {
            next = timer.schedule(this::beat, delay.toMillis(), TimeUnit.MILLISECONDS);
        }

        @Override
        public String service() {
            return service;
        }

        @Override
        public synchronized Optional<Instance> instance() {
            return Optional.ofNullable(confirmed);
        }

        @Override
        public synchronized void setMeta(Map<String, String> meta) {
            wanted = new Instance(wanted.id(), wanted.addr(), wanted.proto(), meta, 0);
            cancelNext();
            beat();
        }

        @Override
        public synchronized void close() {
            if (closed) {
                return;
            }
            closed = true;
            kept.remove(this);
            cancelNext();
            try {
                discovery.deregister(service, wanted.id());
            } catch (RuntimeException e) {
                log.atWarn()
                        .setCause(e)
                        .addKeyValue("service", service)
                        .addKeyValue("instance", wanted.addr())
                        .log("not deregistered; it expires by itself");
            }
        }

        private void cancelNext() {
            if (next != null) {
                next.cancel(false);
            }
        }
    }
}
