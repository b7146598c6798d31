/** Keys of the HTTP API: named ones in the cluster store, those of the controller's settings, and what was done with them. */
@NullMarked
package dev.flynn.access;

import org.jspecify.annotations.NullMarked;
