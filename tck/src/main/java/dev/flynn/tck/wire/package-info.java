/** The wire conformance suite: what clients of the controller's HTTP API rely on, looked at from outside. */
@NullMarked
package dev.flynn.tck.wire;

import org.jspecify.annotations.NullMarked;
