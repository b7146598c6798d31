/** The cluster's join tokens, for programs on its hosts. */
@NullMarked
package dev.flynn.link.tokens;

import org.jspecify.annotations.NullMarked;
