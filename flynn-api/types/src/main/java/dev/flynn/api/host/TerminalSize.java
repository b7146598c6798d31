package dev.flynn.api.host;

import dev.flynn.api.error.FlynnException;
import org.apiguardian.api.API;

/** Size of a terminal in characters, each 1 to 65535. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record TerminalSize(int columns, int lines) {

    public static final TerminalSize DEFAULT = new TerminalSize(80, 24);

    public TerminalSize {
        if (columns < 1 || columns > 65_535 || lines < 1 || lines > 65_535) {
            throw FlynnException.invalid(
                    "terminal size must be 1 to 65535 in each direction, was %d x %d".formatted(columns, lines));
        }
    }
}
