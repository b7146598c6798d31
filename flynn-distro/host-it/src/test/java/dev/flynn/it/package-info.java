/** Journeys of operators and app developers, with real programs. */
@NullMarked
package dev.flynn.it;

import org.jspecify.annotations.NullMarked;
