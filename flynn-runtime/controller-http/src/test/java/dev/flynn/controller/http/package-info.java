/** Tests of the controller through its HTTP API. */
@NullMarked
package dev.flynn.controller.http;

import org.jspecify.annotations.NullMarked;
