/** The cluster store: the one place where durable facts live. */
@NullMarked
package dev.flynn.spi.store;

import org.jspecify.annotations.NullMarked;
