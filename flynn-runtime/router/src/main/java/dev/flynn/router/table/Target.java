package dev.flynn.router.table;

import dev.flynn.api.route.BackendProtocol;
import dev.flynn.router.policy.Gate;
import dev.flynn.router.telemetry.Meter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What a route leads to.
 *
 * @param id of the route
 * @param options at least one
 * @param gate what its policy asks before that, null if nothing
 * @param meter of what is carried
 */
public record Target(
        String id,
        List<Option> options,
        boolean sticky,
        BackendProtocol protocol,
        boolean disableKeepAlives,
        @Nullable Gate gate,
        Meter meter) {

    /** For a backend to accept a connection. */
    public Duration dialTimeout(Duration otherwise) {
        return gate == null ? otherwise : gate.policy().dialTimeout().orElse(otherwise);
    }

    /** For a backend to begin its response. */
    public Duration responseTimeout(Duration otherwise) {
        return gate == null ? otherwise : gate.policy().responseTimeout().orElse(otherwise);
    }

    /** For which a response that has begun may pause; null for any time. */
    @Nullable
    public Duration idle() {
        return gate == null ? null : gate.policy().idleTimeout().orElse(null);
    }

    /**
     * Whose backends, whether only the leading one, and what they are asked in between.
     *
     * @param check null if they are asked nothing
     */
    public record Service(String name, boolean leaderOnly, Health.@Nullable Question check) {

        /** The same without the question. */
        Service unchecked() {
            return check == null ? this : new Service(name, leaderOnly, null);
        }
    }

    /** One of the services that get a share of the requests. */
    public record Option(Service service, BackendSet backends, int weight) {}

    /**
     * The service for a request: the one that has the wished backend, else one by weight among those that have any.
     *
     * @param stickyWish the address of a backend that the client was at before
     */
    public Option choose(@Nullable String stickyWish) {
        if (options.size() == 1) {
            return options.get(0);
        }
        if (stickyWish != null) {
            for (Option option : options) {
                if (option.backends.named(stickyWish, List.of()) != null) {
                    return option;
                }
            }
        }
        return byWeight();
    }

    private Option byWeight() {
        long total = 0;
        for (Option option : options) {
            total += share(option);
        }
        long left = total == 0 ? 0 : ThreadLocalRandom.current().nextLong(total);
        for (Option option : options) {
            left -= share(option);
            if (left < 0) {
                return option;
            }
        }
        return options.get(0);
    }

    private static int share(Option option) {
        return option.backends.isEmpty() ? 0 : option.weight;
    }
}
