/** The controller over HTTP: endpoints, streams, attached connections, and the door that every request passes. */
@NullMarked
package dev.flynn.controller.http;

import org.jspecify.annotations.NullMarked;
