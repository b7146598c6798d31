/** A router that writes the configuration of an nginx, and runs it. */
@NullMarked
package dev.flynn.router.nginx;

import org.jspecify.annotations.NullMarked;
