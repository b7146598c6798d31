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
 * noticed at once. A check by a command takes more, and is made again after 100 ms to one second. One that is to be killed when it is
 * down has the start timeout to come up. Checks of one port never overlap.
 */
final class ServicePort implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServicePort.class);
    private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(2);
    private static final Duration SHORTEST_PAUSE_OF_COMMANDS = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE_OF_COMMANDS = Duration.ofSeconds(1);

    private final Service service;
    private final Instance instance;
    private final Discovery discovery;
    private final Heartbeats heartbeats;
    private final Pauses pauses;
    private final Probe probe;
    private final Runnable kill;

    private final long begun = System.nanoTime();

    private HealthState health = HealthState.CREATED;
    private Probe.Result last = Probe.Result.failed("");
    private boolean startTimeIsOver;
    private boolean toldThatItIsLate;
    private @Nullable Registration registration;
    private boolean closed;

    /**
     * @param probe asks the job, if the service has a check
     * @param kill ends the job at once
     */
    ServicePort(
            Service service,
            Instance instance,
            Discovery discovery,
            Heartbeats heartbeats,
            Pauses pauses,
            Probe probe,
            Runnable kill) {
        this.service = service;
        this.instance = instance;
        this.discovery = discovery;
        this.heartbeats = heartbeats;
        this.pauses = pauses;
        this.probe = probe;
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
        take(probe.ask(check), check);
        pauses.runAfter(pause(check), () -> check(check));
    }

    private synchronized Duration pause(HealthCheck check) {
        if (health.state() == HealthState.State.CREATED) {
            return pauseBeforeUp(check, elapsed());
        }
        return check.interval().compareTo(SHORTEST_INTERVAL) < 0 ? SHORTEST_INTERVAL : check.interval();
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - begun);
    }

    /** The pause between checks of a job that has had this much time to come up. */
    static Duration pauseBeforeUp(HealthCheck check, Duration elapsed) {
        Duration shortest = check.byCommand() ? SHORTEST_PAUSE_OF_COMMANDS : SHORTEST_PAUSE;
        Duration longest = check.byCommand() ? LONGEST_PAUSE_OF_COMMANDS : LONGEST_PAUSE;
        return Duration.ofMillis(Math.min(longest.toMillis(), Math.max(shortest.toMillis(), elapsed.toMillis() / 8)));
    }

    private synchronized void take(Probe.Result result, HealthCheck check) {
        if (closed) {
            return;
        }
        last = result;
        HealthState before = health;
        health = before.after(result.passed(), check);
        health.enteredSince(before).ifPresent(entered -> {
            if (entered == HealthState.State.UP) {
                register();
                return;
            }
            deregister();
            if (check.killDown() && startTimeIsOver) {
                kill("job does not answer any more and is killed");
            } else {
                warn("job does not pass its check any more and is not chosen until it does");
            }
        });
        if (health.state() == HealthState.State.CREATED
                && !check.killDown()
                && !toldThatItIsLate
                && elapsed().compareTo(check.startTimeout()) > 0) {
            toldThatItIsLate = true;
            warn("job has not passed its check yet and is not registered");
        }
    }

    private void kill(String why) {
        warn(why);
        kill.run();
    }

    /** Tells of what the last check said, too. */
    private void warn(String what) {
        log.atWarn()
                .addKeyValue("service", service.name())
                .addKeyValue("instance", instance.addr())
                .addKeyValue("check", last.said())
                .log(what);
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
