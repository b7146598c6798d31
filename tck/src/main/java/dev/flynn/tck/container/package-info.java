/** Contract tests for container backends. */
@NullMarked
package dev.flynn.tck.container;

import org.jspecify.annotations.NullMarked;
