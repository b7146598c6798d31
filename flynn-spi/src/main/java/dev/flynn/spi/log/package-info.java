/** Where log lines go, and where they are read. */
@NullMarked
package dev.flynn.spi.log;

import org.jspecify.annotations.NullMarked;
