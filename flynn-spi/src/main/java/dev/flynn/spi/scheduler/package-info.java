/** Deciding what runs where. */
@NullMarked
package dev.flynn.spi.scheduler;

import org.jspecify.annotations.NullMarked;
