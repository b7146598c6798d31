package dev.flynn.spi.router;

import static java.util.Objects.requireNonNull;

import java.util.List;
import org.apiguardian.api.API;

/**
 * What became of a table.
 *
 * @param problems of single routes; everything else serves as the table says
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ApplyResult(List<Problem> problems) {

    public static final ApplyResult OK = new ApplyResult(List.of());

    public ApplyResult {
        problems = List.copyOf(problems);
    }

    public boolean isComplete() {
        return problems.isEmpty();
    }

    /**
     * Why a route does not serve, or not as it says: a port that is taken, a certificate that cannot be used.
     *
     * @param reason for people, with the way out
     */
    public record Problem(String routeId, String reason) {
        public Problem {
            requireNonNull(routeId, "routeId");
            requireNonNull(reason, "reason");
        }
    }
}
