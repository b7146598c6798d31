/** Histories of what concurrent clients asked and were answered, and the search for an order that explains them. */
@NullMarked
package dev.flynn.tck.history;

import org.jspecify.annotations.NullMarked;
