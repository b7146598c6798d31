/** Provisioning databases, caches and the like for apps. */
@NullMarked
package dev.flynn.spi.resource;

import org.jspecify.annotations.NullMarked;
