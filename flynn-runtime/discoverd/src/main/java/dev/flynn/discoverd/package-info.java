/** The HTTP API of discovery, as existing clients of discoverd know it. */
@NullMarked
package dev.flynn.discoverd;

import org.jspecify.annotations.NullMarked;
