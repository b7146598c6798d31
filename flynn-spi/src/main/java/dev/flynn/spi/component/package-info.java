/** How implementations are found, configured and told about their surroundings. */
@NullMarked
package dev.flynn.spi.component;

import org.jspecify.annotations.NullMarked;
