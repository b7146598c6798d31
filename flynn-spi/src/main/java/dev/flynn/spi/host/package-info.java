/** Reaching the jobs of a host while they run. */
@NullMarked
package dev.flynn.spi.host;

import org.jspecify.annotations.NullMarked;
