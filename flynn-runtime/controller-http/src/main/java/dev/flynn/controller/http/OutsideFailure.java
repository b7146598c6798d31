package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;

/**
 * A failure of something outside that the caller has named, such as a provider, or a job that cannot be started: unlike what
 * goes wrong within, its reason is the caller's business.
 */
final class OutsideFailure extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final FlynnException failure;

    OutsideFailure(FlynnException failure) {
        super(failure.getMessage(), failure);
        this.failure = failure;
    }

    boolean retry() {
        return failure.retry();
    }
}
