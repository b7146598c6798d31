/** Carrying log lines to the host where the log aggregator runs. */
@NullMarked
package dev.flynn.link.logs;

import org.jspecify.annotations.NullMarked;
