/** A client of discoverd for applications: registration, look-up, watches. */
@NullMarked
package dev.flynn.discoverd.client;

import org.jspecify.annotations.NullMarked;
