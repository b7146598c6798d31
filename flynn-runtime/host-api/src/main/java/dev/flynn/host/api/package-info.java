/** The HTTP API of one host (contract: layer 0, Host daemon), and a client of it. */
@NullMarked
package dev.flynn.host.api;

import org.jspecify.annotations.NullMarked;
