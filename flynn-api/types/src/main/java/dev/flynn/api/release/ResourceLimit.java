package dev.flynn.api.release;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import org.apiguardian.api.API;

/**
 * What a job may use of one kind of resource: bytes for {@code memory} and {@code temp_disk}, a count for
 * {@code max_fd} and {@code max_procs}, milli-CPU for {@code cpu}.
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record ResourceLimit(OptionalLong request, OptionalLong limit) {

    public static final String MEMORY = "memory";
    public static final String MAX_FD = "max_fd";
    public static final String MAX_PROCS = "max_procs";
    public static final String CPU = "cpu";

    public static final long DEFAULT_MEMORY_BYTES = 1L << 30;
    public static final long DEFAULT_MAX_FD = 10_000;

    /** The same amount requested and allowed. */
    public static ResourceLimit of(long amount) {
        return new ResourceLimit(OptionalLong.of(amount), OptionalLong.of(amount));
    }

    /** The limits with the platform's defaults for what is missing; a missing request becomes the limit. */
    public static Map<String, ResourceLimit> withDefaults(Map<String, ResourceLimit> given) {
        Map<String, ResourceLimit> all = new HashMap<>(given);
        all.putIfAbsent(MEMORY, new ResourceLimit(OptionalLong.empty(), OptionalLong.of(DEFAULT_MEMORY_BYTES)));
        all.putIfAbsent(MAX_FD, new ResourceLimit(OptionalLong.empty(), OptionalLong.of(DEFAULT_MAX_FD)));
        all.computeIfPresent(MEMORY, (type, limit) -> limit.orLimit(DEFAULT_MEMORY_BYTES));
        all.computeIfPresent(MAX_FD, (type, limit) -> limit.orLimit(DEFAULT_MAX_FD));
        all.replaceAll(
                (type, limit) -> limit.request().isPresent() ? limit : new ResourceLimit(limit.limit(), limit.limit()));
        return Map.copyOf(all);
    }

    private ResourceLimit orLimit(long amount) {
        return limit.isPresent() ? this : new ResourceLimit(request, OptionalLong.of(amount));
    }
}
