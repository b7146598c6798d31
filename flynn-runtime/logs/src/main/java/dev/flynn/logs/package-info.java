/** What jobs write: the host's log files, the aggregator that serves them, and reading from it. */
@NullMarked
package dev.flynn.logs;

import org.jspecify.annotations.NullMarked;
