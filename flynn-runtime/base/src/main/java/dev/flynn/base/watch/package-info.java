/** Watches of a cluster store, for those who write one: the changes it keeps, and the cursors that move through them. */
@NullMarked
package dev.flynn.base.watch;

import org.jspecify.annotations.NullMarked;
