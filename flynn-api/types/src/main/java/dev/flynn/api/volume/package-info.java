/** Storage that outlives jobs, as the controller shows it. */
@NullMarked
package dev.flynn.api.volume;

import org.jspecify.annotations.NullMarked;
