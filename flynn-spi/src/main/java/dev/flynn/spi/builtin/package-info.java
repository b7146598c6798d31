/** Programs that run as jobs inside the host's own process. */
@NullMarked
package dev.flynn.spi.builtin;

import org.jspecify.annotations.NullMarked;
