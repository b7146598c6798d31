/** The contract of log sinks. */
@NullMarked
package dev.flynn.tck.log;

import org.jspecify.annotations.NullMarked;
