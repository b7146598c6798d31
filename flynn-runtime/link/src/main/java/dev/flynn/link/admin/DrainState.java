package dev.flynn.link.admin;

import java.util.List;

/**
 * How far a host that is drained is.
 *
 * @param leaving how many jobs it has that are to move elsewhere, or are being stopped
 */
public record DrainState(int leaving, List<Staying> staying) {

    public DrainState {
        staying = List.copyOf(staying);
    }

    /** A job that has to stay, and why. */
    public record Staying(String job, String app, String type, String reason) {}
}
