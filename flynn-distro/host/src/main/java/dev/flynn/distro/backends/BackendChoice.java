package dev.flynn.distro.backends;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.Closer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Opens the first backend that can be opened.
 *
 * @param <B> what is opened
 */
final class BackendChoice<B> {

    /**
     * What was opened, and why it.
     *
     * @param reason for operators
     */
    record Chosen<B>(B backend, String reason) {}

    /** How the backends of this machine are opened, by name. */
    interface Opening<B> {

        /** What can be found out before anything is made: why the backend cannot be opened, or nothing. */
        Optional<String> lacking(String name);

        /** @param into closes what was opened, also if this fails half-way */
        B open(String name, Closer into) throws IOException;
    }

    private final Opening<B> opening;
    private final Closer closer;

    /** @param closer of what is chosen; what is passed over is closed at once */
    BackendChoice(Opening<B> opening, Closer closer) {
        this.opening = opening;
        this.closer = closer;
    }

    /** @throws FlynnException {@code SERVICE_UNAVAILABLE} if none can be opened, with the reason of each */
    Chosen<B> first(List<String> names) {
        List<String> passedOver = new ArrayList<>();
        for (String name : names) {
            Optional<String> lacking = opening.lacking(name);
            if (lacking.isPresent()) {
                passedOver.add(lacking.get());
                continue;
            }
            var attempt = new Closer();
            try {
                B opened = opening.open(name, attempt);
                closer.register(attempt);
                return new Chosen<>(
                        opened,
                        passedOver.isEmpty() ? "the best that this machine has" : String.join("; ", passedOver));
            } catch (FlynnException | IOException e) {
                attempt.closeAfter(e);
                passedOver.add(reason(name, e));
            }
        }
        throw FlynnException.unavailable(String.join("; ", passedOver), null);
    }

    private static String reason(String name, Exception failure) {
        String message = String.valueOf(failure.getMessage());
        return message.contains(name) ? message : name + ": " + message;
    }
}
