package dev.flynn.router;

import dev.flynn.api.route.RoutePolicy.HealthCheck;
import dev.flynn.router.table.Health;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checks that one event loop makes. Each begins at a random time within its interval and drifts by a tenth of it, so that
 * not all backends are asked at once; only so many are on their way at a time, the others wait. Only the loop's thread touches
 * it.
 */
final class HealthChecks {

    private static final Logger log = LoggerFactory.getLogger(HealthChecks.class);

    private static final int MAX_AT_A_TIME = 64;
    private static final double DRIFT = 0.1;

    private final RouterLoop loop;
    private final Deque<Health> waiting = new ArrayDeque<>();
    private int onTheirWay;

    HealthChecks(RouterLoop loop) {
        this.loop = loop;
    }

    /** Asks from now on, until no table wants to know. */
    void begin(Health health) {
        loop.after(
                (long) (interval(health).toNanos() * ThreadLocalRandom.current().nextDouble()), () -> due(health));
    }

    private void due(Health health) {
        if (!loop.core().table().wants(health)) {
            return;
        }
        if (onTheirWay < MAX_AT_A_TIME) {
            ask(health);
        } else {
            waiting.add(health);
        }
    }

    private void ask(Health health) {
        onTheirWay++;
        new HealthProbe(loop, health.subject(), good -> heard(health, good)).start();
    }

    private void heard(Health health, boolean good) {
        onTheirWay--;
        if (health.heard(good)) {
            tell(health);
        }
        double factor = 1 - DRIFT + 2 * DRIFT * ThreadLocalRandom.current().nextDouble();
        loop.after((long) (interval(health).toNanos() * factor), () -> due(health));
        while (onTheirWay < MAX_AT_A_TIME && !waiting.isEmpty()) {
            due(waiting.remove());
        }
    }

    private static Duration interval(Health health) {
        return health.subject().question().check().interval();
    }

    private static void tell(Health health) {
        HealthCheck check = health.subject().question().check();
        if (health.isIll()) {
            log.atWarn()
                    .addKeyValue("backend", health.subject().backend())
                    .addKeyValue("path", check.path())
                    .log("health checks fail; the backend is chosen last");
        } else {
            log.atInfo()
                    .addKeyValue("backend", health.subject().backend())
                    .addKeyValue("path", check.path())
                    .log("health checks succeed again");
        }
    }
}
