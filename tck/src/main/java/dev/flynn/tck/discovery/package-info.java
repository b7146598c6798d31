/** Contract tests of discovery. */
@NullMarked
package dev.flynn.tck.discovery;

import org.jspecify.annotations.NullMarked;
