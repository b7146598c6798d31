package dev.flynn.tck.wire;

import java.util.Optional;

/** A request, and what came of it: an answer, or how the connection failed. */
record Exchange(Request request, Optional<Response> response, String failure) {}
