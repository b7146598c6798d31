/** Failures with a code for the wire and a message that says what to do. */
@NullMarked
package dev.flynn.api.error;

import org.jspecify.annotations.NullMarked;
