package dev.flynn.host;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.discovery.LeaderType;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.HealthCheck;
import dev.flynn.api.release.HealthChecks;
import dev.flynn.api.release.Service;
import dev.flynn.discovery.Heartbeats;
import dev.flynn.discovery.Registration;
import dev.flynn.spi.discovery.Discovery;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One port of a running job that belongs to a service: registered while it is ready, killed when it is not alive, as its
 * {@link HealthChecks} say; what they said is in {@link PortHealth}.
 *
 * <p>A job that has not started is checked again after an eighth of the time that it has had, 2 to 100 ms: what starts fast is
 * noticed at once. A check by a command takes more, and is made again after 100 ms to one second. The success of a check is
 * acted upon at once. Checks of one kind never overlap.
 */
final class ServicePort implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServicePort.class);
    private static final Duration SHORTEST_INTERVAL = Duration.ofMillis(100);
    private static final Duration SHORTEST_PAUSE = Duration.ofMillis(2);
    private static final Duration SHORTEST_PAUSE_OF_COMMANDS = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE_OF_COMMANDS = Duration.ofSeconds(1);

    private final Service service;
    private final HealthChecks checks;
    private final Instance instance;
    private final Discovery discovery;
    private final Heartbeats heartbeats;
    private final Pauses pauses;
    private final Probe probe;
    private final Runnable kill;

    private final long begun = System.nanoTime();

    private PortHealth health = PortHealth.UNKNOWN;
    private Probe.Result last = Probe.Result.failed("");
    private boolean toldThatItIsLate;
    private boolean killed;
    private @Nullable Registration registration;
    private boolean closed;

    /**
     * @param probe asks the job, if there is a check
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
        this.checks = HealthChecks.of(service, instance.proto());
        this.instance = instance;
        this.discovery = discovery;
        this.heartbeats = heartbeats;
        this.pauses = pauses;
        this.probe = probe;
        this.kill = kill;
    }

    /** Where it serves, and for whom. */
    DrainWait.Served served() {
        return new DrainWait.Served(service.name(), instance.addr());
    }

    void start() {
        pauses.runAfter(Duration.ZERO, () -> {
            createService();
            checks.startup().ifPresentOrElse(this::beginStartup, this::started);
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

    private void beginStartup(HealthCheck check) {
        if (check.killDown()) {
            pauses.runAfter(check.startTimeout(), () -> change(PortHealth::afterStartTime));
        }
        askWhetherItStarted(check);
    }

    private void askWhetherItStarted(HealthCheck check) {
        if (isClosed()) {
            return;
        }
        if (ask(check)) {
            started();
            return;
        }
        tellIfItIsLate(check);
        pauses.runAfter(pauseBeforeUp(check, elapsed()), () -> askWhetherItStarted(check));
    }

    private void started() {
        change(before -> before.afterStartup(checks));
        checks.readiness().ifPresent(check -> {
            if (checks.startup().equals(checks.readiness())) {
                pauses.runAfter(interval(check), () -> askWhetherItIsReady(check));
            } else {
                askWhetherItIsReady(check);
            }
        });
        if (!PortHealth.isLivenessToo(checks)) {
            checks.liveness().ifPresent(check -> pauses.runAfter(interval(check), () -> askWhetherItIsAlive(check)));
        }
    }

    private void askWhetherItIsReady(HealthCheck check) {
        if (isClosed()) {
            return;
        }
        boolean passed = ask(check);
        change(before -> before.afterReadiness(passed, checks));
        Duration pause = wasNeverReady() ? pauseBeforeUp(check, elapsed()) : interval(check);
        pauses.runAfter(pause, () -> askWhetherItIsReady(check));
    }

    private void askWhetherItIsAlive(HealthCheck check) {
        if (isClosed()) {
            return;
        }
        boolean passed = ask(check);
        change(before -> before.afterLiveness(passed, checks));
        pauses.runAfter(interval(check), () -> askWhetherItIsAlive(check));
    }

    private boolean ask(HealthCheck check) {
        Probe.Result result = probe.ask(check);
        synchronized (this) {
            last = result;
        }
        return result.passed();
    }

    private static Duration interval(HealthCheck check) {
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

    /** Acts upon what is known now. */
    private synchronized void change(UnaryOperator<PortHealth> news) {
        if (closed) {
            return;
        }
        boolean wasReady = health.isReady(checks);
        health = news.apply(health);
        if (health.isReady(checks)) {
            register();
        } else if (wasReady) {
            deregister();
            if (!health.mustEnd(checks)) {
                warn("job does not pass its check any more and is not chosen until it does");
            }
        }
        if (health.mustEnd(checks) && !killed) {
            killed = true;
            warn(
                    health.started()
                            ? "job does not answer any more and is killed"
                            : "job did not come up in time and is killed");
            kill.run();
        }
    }

    private synchronized boolean wasNeverReady() {
        return health.ready().state() == HealthState.State.CREATED;
    }

    private synchronized void tellIfItIsLate(HealthCheck check) {
        if (!check.killDown() && !toldThatItIsLate && elapsed().compareTo(check.startTimeout()) > 0) {
            toldThatItIsLate = true;
            warn("job has not passed its check yet and is not registered");
        }
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
