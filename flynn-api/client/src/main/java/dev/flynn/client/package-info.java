/** The controller's HTTP API for programs: typed calls, event streams, attached jobs. */
@NullMarked
package dev.flynn.client;

import org.jspecify.annotations.NullMarked;
