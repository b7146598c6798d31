package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.json.Times;
import java.time.Instant;

/** The query parameter {@code since}. */
final class Since {

    private Since() {}

    /** Clients do not encode the plus sign of a zone offset, so that it arrives as a space. */
    static Instant parse(String text) {
        try {
            return Times.parse(text.replace(' ', '+'));
        } catch (FlynnException e) {
            throw FlynnException.internal("since must be a time in RFC 3339, was \"%s\"".formatted(text), e);
        }
    }

    /** The beginning of time where nothing is said. */
    static Instant parseOrBegin(String text) {
        return text.isEmpty() ? Instant.EPOCH : parse(text);
    }
}
