/** A Flynn controller inside another program. */
@NullMarked
package dev.flynn.embedded;

import org.jspecify.annotations.NullMarked;
