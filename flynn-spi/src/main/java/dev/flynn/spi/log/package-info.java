/** Where log lines go. */
@NullMarked
package dev.flynn.spi.log;

import org.jspecify.annotations.NullMarked;
