/** Releases, their process types, and the artifacts that they run. */
@NullMarked
package dev.flynn.api.release;

import org.jspecify.annotations.NullMarked;
