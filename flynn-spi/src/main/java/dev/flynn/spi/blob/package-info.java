/** Large objects by key. */
@NullMarked
package dev.flynn.spi.blob;

import org.jspecify.annotations.NullMarked;
