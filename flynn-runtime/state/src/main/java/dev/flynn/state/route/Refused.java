package dev.flynn.state.route;

import dev.flynn.api.error.FlynnException;

/** A refusal that shows the client the route that was refused. */
public final class Refused extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final FlynnException failure;
    private final transient Object detail;

    Refused(FlynnException failure, Object detail) {
        super(failure.getMessage(), failure);
        this.failure = failure;
        this.detail = detail;
    }

    public FlynnException failure() {
        return failure;
    }

    public Object detail() {
        return detail;
    }
}
