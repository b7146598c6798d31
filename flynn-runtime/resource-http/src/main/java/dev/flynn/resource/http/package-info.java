/** Resource providers that are asked over HTTP. */
@NullMarked
package dev.flynn.resource.http;

import org.jspecify.annotations.NullMarked;
