package dev.flynn.api.host;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.release.ResourceLimit;
import java.util.Map;
import java.util.OptionalLong;
import org.apiguardian.api.API;

/**
 * An amount of what hosts have and jobs reserve.
 *
 * @param milliCpus thousandths of a processor
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Capacity(long memoryBytes, long milliCpus) {

    public static final Capacity NONE = new Capacity(0, 0);

    /** Of a host that does not say what it has. */
    public static final Capacity UNLIMITED = new Capacity(Long.MAX_VALUE, Long.MAX_VALUE);

    public Capacity {
        if (memoryBytes < 0 || milliCpus < 0) {
            throw FlynnException.invalid(
                    "a capacity is not negative, was %d bytes and %d milli-CPU".formatted(memoryBytes, milliCpus));
        }
    }

    /**
     * What a job with these resources has to itself: the {@code memory} and the {@code cpu} that it requests.
     *
     * <p>The platform gives every process type that says nothing of its memory a limit and a request of
     * {@link ResourceLimit#DEFAULT_MEMORY_BYTES}. That is a bound, and no wish: such a job reserves no memory.
     */
    public static Capacity reservedBy(Map<String, ResourceLimit> resources) {
        long memory = requested(resources, ResourceLimit.MEMORY);
        return new Capacity(
                memory == ResourceLimit.DEFAULT_MEMORY_BYTES ? 0 : memory, requested(resources, ResourceLimit.CPU));
    }

    private static long requested(Map<String, ResourceLimit> resources, String type) {
        ResourceLimit limit = resources.get(type);
        if (limit == null) {
            return 0;
        }
        OptionalLong request = limit.request().isPresent() ? limit.request() : limit.limit();
        return Math.max(0, request.orElse(0));
    }

    public boolean isNone() {
        return memoryBytes == 0 && milliCpus == 0;
    }

    /** Whether that much fits into it. */
    public boolean holds(Capacity part) {
        return part.memoryBytes <= memoryBytes && part.milliCpus <= milliCpus;
    }

    /** Both together; what is too much for a number is as much as a number can say. */
    public Capacity plus(Capacity other) {
        return other.isNone()
                ? this
                : new Capacity(sum(memoryBytes, other.memoryBytes), sum(milliCpus, other.milliCpus));
    }

    /** What is left when that much is taken, which is nothing if more is taken than there is; no limit stays none. */
    public Capacity minus(Capacity taken) {
        return new Capacity(rest(memoryBytes, taken.memoryBytes), rest(milliCpus, taken.milliCpus));
    }

    private static long sum(long a, long b) {
        return a > Long.MAX_VALUE - b ? Long.MAX_VALUE : a + b;
    }

    private static long rest(long all, long taken) {
        return all == Long.MAX_VALUE ? all : Math.max(0, all - taken);
    }
}
