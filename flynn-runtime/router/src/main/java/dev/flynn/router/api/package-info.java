/** The router's own HTTP API: routes, the stream of what it has applied, its metrics (contract: layer 1, Management API). */
@NullMarked
package dev.flynn.router.api;

import org.jspecify.annotations.NullMarked;
