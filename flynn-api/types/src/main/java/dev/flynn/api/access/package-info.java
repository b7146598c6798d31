/** Keys of the HTTP API: what each may do, and what was done with them. */
@NullMarked
package dev.flynn.api.access;

import org.jspecify.annotations.NullMarked;
