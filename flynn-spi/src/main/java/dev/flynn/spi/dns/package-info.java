/** Setting records of the DNS. */
@NullMarked
package dev.flynn.spi.dns;

import org.jspecify.annotations.NullMarked;
