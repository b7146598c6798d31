/** Lines that jobs wrote. */
@NullMarked
package dev.flynn.api.log;

import org.jspecify.annotations.NullMarked;
