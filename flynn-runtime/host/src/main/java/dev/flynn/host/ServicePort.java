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
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One port of a running job that belongs to a service: registered while it is healthy (contract: layer 0, Health checks).
 *
 * <p>Until the first success it is checked every 100 ms and one success is enough; from then on every interval, and the
 * state changes after as many equal results as the threshold says.
 */
final class ServicePort implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ServicePort.class);
    private static final Duration FIRST_INTERVAL = Duration.ofMillis(100);

    private final Service service;
    private final Instance instance;
    private final Discovery discovery;
    private final Heartbeats heartbeats;
    private final ScheduledExecutorService checks;
    private final Runnable kill;
    private final long startDeadlineNanos;

    private @Nullable Registration registration;
    private boolean everUp;
    private boolean up;
    private int opposite;
    private boolean closed;

    ServicePort(
            Service service,
            Instance instance,
            Discovery discovery,
            Heartbeats heartbeats,
            ScheduledExecutorService checks,
            Runnable kill) {
        this.service = service;
        this.instance = instance;
        this.discovery = discovery;
        this.heartbeats = heartbeats;
        this.checks = checks;
        this.kill = kill;
        this.startDeadlineNanos = System.nanoTime()
                + service.check()
                        .map(HealthCheck::startTimeout)
                        .orElse(Duration.ZERO)
                        .toNanos();
    }

    void start() {
        checks.execute(() -> {
            createService();
            Optional<HealthCheck> check = service.check();
            if (check.isPresent()) {
                check(check.get());
            } else {
                register();
            }
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

    private void check(HealthCheck check) {
        boolean passed = HealthProbe.passes(check, instance.host(), instance.port());
        if (apply(check, passed)) {
            Duration pause = everUp ? check.interval() : FIRST_INTERVAL;
            var unused = checks.schedule(() -> check(check), pause.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Takes a result in; tells whether to go on checking. */
    private synchronized boolean apply(HealthCheck check, boolean passed) {
        if (closed) {
            return false;
        }
        if (!everUp) {
            if (passed) {
                everUp = true;
                up = true;
                register();
            } else if (check.killDown() && System.nanoTime() - startDeadlineNanos > 0) {
                kill.run();
                return false;
            }
            return true;
        }
        opposite = passed == up ? 0 : opposite + 1;
        if (opposite >= check.threshold()) {
            opposite = 0;
            up = passed;
            if (up) {
                register();
            } else {
                deregister();
                if (check.killDown()) {
                    kill.run();
                    return false;
                }
            }
        }
        return true;
    }

    private synchronized void register() {
        if (!closed && registration == null) {
            registration = heartbeats.keep(service.name(), instance);
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
