package dev.flynn.tck.wire;

import java.time.Duration;
import java.util.List;
import org.apiguardian.api.API;

/**
 * What came of a check.
 *
 * @param check its id
 * @param section of the contract that says it
 * @param says what the contract says
 * @param message why it failed, is blocked or was skipped; empty when it passed
 * @param transcript what was asked and answered, without secrets; empty unless it failed or is blocked
 */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Result(
        String check,
        Endpoint endpoint,
        String section,
        String says,
        Outcome outcome,
        String message,
        List<String> transcript,
        Duration took) {

    public Result {
        transcript = List.copyOf(transcript);
    }
}
