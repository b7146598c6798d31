package dev.flynn.containers.oci;

import dev.flynn.api.error.FlynnException;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;

/** Whether this machine can run containers at all. */
final class Tools {

    private Tools() {}

    /** Skips the tests of a class where it cannot, saying what is missing. */
    static void assumePresent() {
        try {
            var unused = OciTools.find(Optional.empty());
        } catch (FlynnException e) {
            Assumptions.abort(e.getMessage());
        }
    }
}
