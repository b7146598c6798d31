/** The contract test of routers. */
@NullMarked
package dev.flynn.tck.router;

import org.jspecify.annotations.NullMarked;
