/** A cluster of several hosts in one JVM for tests: a clock that is moved, faults that are caused. */
@NullMarked
package dev.flynn.testing;

import org.jspecify.annotations.NullMarked;
