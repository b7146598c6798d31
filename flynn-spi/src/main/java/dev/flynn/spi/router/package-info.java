/** Carrying requests to backends. */
@NullMarked
package dev.flynn.spi.router;

import org.jspecify.annotations.NullMarked;
