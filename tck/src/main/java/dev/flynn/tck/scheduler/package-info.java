/** Contract tests for schedulers. */
@NullMarked
package dev.flynn.tck.scheduler;

import org.jspecify.annotations.NullMarked;
