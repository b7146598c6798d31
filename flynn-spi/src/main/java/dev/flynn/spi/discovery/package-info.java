/** Services, their instances and their leaders. */
@NullMarked
package dev.flynn.spi.discovery;

import org.jspecify.annotations.NullMarked;
