/** Contract tests for the SPIs: what all of them share. */
@NullMarked
package dev.flynn.tck;

import org.jspecify.annotations.NullMarked;
