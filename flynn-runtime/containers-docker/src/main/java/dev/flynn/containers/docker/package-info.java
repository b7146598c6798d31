/** Running jobs in the containers of a Docker engine. */
@NullMarked
package dev.flynn.containers.docker;

import org.jspecify.annotations.NullMarked;
