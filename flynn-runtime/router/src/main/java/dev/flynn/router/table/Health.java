package dev.flynn.router.table;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.api.route.RoutePolicy.HealthCheck;

/**
 * How a backend does in the checks of a route: well until several in a row say otherwise. One object for all routes that ask
 * the same, for as long as tables have one. Changed by one thread, read by any.
 */
public final class Health {

    /** What a backend is asked, and in which protocol. */
    public record Question(HealthCheck check, BackendProtocol protocol) {}

    /** Who is asked what. */
    public record Subject(Backend backend, Question question) {}

    private final Subject subject;
    private int inARow;
    private volatile boolean ill;

    public Health(Subject subject) {
        this.subject = subject;
    }

    public Subject subject() {
        return subject;
    }

    public boolean isIll() {
        return ill;
    }

    /**
     * Takes the outcome of a check into account.
     *
     * @return whether that changed the verdict
     */
    public boolean heard(boolean good) {
        if (good != ill) {
            inARow = 0;
            return false;
        }
        HealthCheck check = subject.question.check();
        inARow++;
        if (inARow < (ill ? check.healthyAfter() : check.unhealthyAfter())) {
            return false;
        }
        inARow = 0;
        ill = !ill;
        return true;
    }
}
