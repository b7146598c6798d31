/** An HTTP API for the configuration file of any program. */
@NullMarked
package dev.flynn.configurator;

import org.jspecify.annotations.NullMarked;
