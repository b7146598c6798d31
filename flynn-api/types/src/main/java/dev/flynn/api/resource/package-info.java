/** Resource providers and what they provisioned. */
@NullMarked
package dev.flynn.api.resource;

import org.jspecify.annotations.NullMarked;
