/** The router as an app of the platform: fills the table from the cluster's state and from discovery. */
@NullMarked
package dev.flynn.router.program;

import org.jspecify.annotations.NullMarked;
