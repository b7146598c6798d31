package dev.flynn.distro.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.bootstrap.BootstrapOutput;
import java.util.List;

/**
 * How a bootstrap goes on.
 *
 * @param events since those that the asker had
 * @param done whether it has ended
 * @param errorCode empty if it did not fail
 */
record BootstrapProgress(List<Event> events, boolean done, String errorCode, String errorMessage) {

    BootstrapProgress {
        events = List.copyOf(events);
    }

    /**
     * What {@link BootstrapOutput} was told.
     *
     * @param data a step's result; may be null if it is not done
     * @param text of the result, or the error
     */
    record Event(State state, String action, String id, JsonNode data, String text) {

        enum State {
            STARTED,
            DONE,
            FAILED,
            TRYING_AGAIN
        }

        void tell(BootstrapOutput output) {
            switch (state) {
                case STARTED -> output.started(action, id);
                case DONE -> output.done(action, id, data, text);
                case FAILED -> output.failed(action, id, text);
                case TRYING_AGAIN -> output.tryingAgain(action, id, text);
            }
        }
    }

    /** @param since the number of events that the asker has */
    record Poll(int since) {}
}
