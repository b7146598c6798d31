package dev.flynn.host;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.Service;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.discovery.Registration;
import dev.flynn.spi.discovery.Discovery;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One port of a running job that belongs to a service: registered while it is healthy, at once if it has no check.
 *
 * <p>A job that never came up is checked again after an eighth of the time that it has had, 2 to 100 ms: what starts fast is
 * noticed at once. One that is to be killed when it is down has the start timeout to come up.
 */
final class ServicePort implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServicePort.class);
    private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);

    private final Service service;
    private final Instance instance;
    private final Discovery discovery;
    private final Heartbeats heartbeats;
    private final Pauses pauses;
    private final Runnable kill;

    private final long begun = System.nanoTime();

    private HealthState health = HealthState.CREATED;
    private boolean startTimeIsOver;
    private @Nullable Registration registration;
    private boolean closed;

    /** @param kill ends the job at once */
    ServicePort(
            Service service,
            Instance instance,
            Discovery discovery,
            Heartbeats heartbeats,
            Pauses pauses,
            Runnable kill) {
        this.service = service;
        this.instance = instance;
        this.discovery = discovery;
        this.heartbeats = heartbeats;
        this.pauses = pauses;
        this.kill = kill;
    }

    void start() {
        pauses.runAfter(Duration.ZERO, () -> {
            createService();
            service.check().ifPresentOrElse(this::beginChecks, this::register);
        });
    }

    private void createService() {
        if (!service.create()) {
            return;
        }
        try {
            discovery.createService(service.name(), LeaderType.OLDEST);
        } catch (FlynnException e) {
            if (e.code() != ErrorCode.OBJECT_EXISTS) {
                log.atWarn().addKeyValue("service", service.name()).setCause(e).log("cannot create service");
            }
        }
    }

    private void beginChecks(HealthCheck check) {
        if (check.killDown()) {
            pauses.runAfter(check.startTimeout(), this::endOfStartTime);
        }
        check(check);
    }

    private synchronized void endOfStartTime() {
        startTimeIsOver = true;
        if (!closed && health.state() != HealthState.State.UP) {
            kill("job did not come up in time and is killed");
        }
    }

    private void check(HealthCheck check) {
        if (isClosed()) {
            return;
        }
        take(HealthProbe.passes(check, instance.host(), instance.port()), check);
        pauses.runAfter(pause(check), () -> check(check));
    }

    private synchronized Duration pause(HealthCheck check) {
        if (health.state() == HealthState.State.CREATED) {
            return pauseBeforeUp(Duration.ofNanos(System.nanoTime() - begun));
        }
        return check.interval().compareTo(SHORTEST_INTERVAL) < 0 ? SHORTEST_INTERVAL : check.interval();
    }

    /** The pause between checks of a job that has had this much time to come up. */
    static Duration pauseBeforeUp(Duration elapsed) {
        return Duration.ofMillis(Math.min(100, Math.max(2, elapsed.toMillis() / 8)));
    }

    private synchronized void take(boolean passed, HealthCheck check) {
        HealthState before = health;
        health = before.after(passed, check);
        health.enteredSince(before).ifPresent(entered -> {
            if (entered == HealthState.State.UP) {
                register();
            } else {
                deregister();
                if (check.killDown() && startTimeIsOver && !closed) {
                    kill("job does not answer any more and is killed");
                }
            }
        });
    }

    private void kill(String why) {
        log.atWarn()
                .addKeyValue("service", service.name())
                .addKeyValue("instance", instance.addr())
                .log(why);
        kill.run();
    }

    private synchronized boolean isClosed() {
        return closed;
    }

    private synchronized void register() {
        if (closed || registration != null) {
            return;
        }
        try {
            registration = heartbeats.keep(service.name(), instance);
        } catch (FlynnException e) {
            log.atError()
                    .addKeyValue("service", service.name())
                    .addKeyValue("instance", instance.addr())
                    .setCause(e)
                    .log("job cannot be registered");
        }
    }

    private synchronized void deregister() {
        if (registration != null) {
            registration.close();
            registration = null;
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        deregister();
    }
}
