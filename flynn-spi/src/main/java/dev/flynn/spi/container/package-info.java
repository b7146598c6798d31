/** Running jobs on one host. */
@NullMarked
package dev.flynn.spi.container;

import org.jspecify.annotations.NullMarked;
