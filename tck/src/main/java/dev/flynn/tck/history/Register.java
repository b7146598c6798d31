package dev.flynn.tck.history;

import java.util.Optional;
import org.apiguardian.api.API;

/** What clients did to one key, each operation with the moments at which it began and was answered. Every write writes another value. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public final class Register {

    private Register() {}

    /**
     * One client's operation.
     *
     * @param call when it began
     * @param end when it was answered, {@link Long#MAX_VALUE} if that is unknown: it may happen at any time, or never
     */
    public record Operation(int client, long call, long end, Action action) {

        public static final long UNKNOWN = Long.MAX_VALUE;

        public boolean isAnswered() {
            return end != UNKNOWN;
        }
    }

    /** What was asked and answered. */
    public sealed interface Action {

        /** The value after this has happened to that one; nothing if it cannot have. */
        Optional<String> applyTo(String value);

        /** Found this value. */
        record Read(String found) implements Action {
            @Override
            public Optional<String> applyTo(String value) {
                return value.equals(found) ? Optional.of(value) : Optional.empty();
            }
        }

        /** Wrote, whatever was there. */
        record Write(String written) implements Action {
            @Override
            public Optional<String> applyTo(String value) {
                return Optional.of(written);
            }
        }

        /** Wrote if this was there; an unanswered one may have found it or not. */
        record Swap(String expected, String written, boolean isAnswered, boolean swapped) implements Action {
            @Override
            public Optional<String> applyTo(String value) {
                boolean matches = value.equals(expected);
                if (isAnswered && matches != swapped) {
                    return Optional.empty();
                }
                return Optional.of(matches ? written : value);
            }
        }
    }
}
