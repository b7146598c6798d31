/** The images of a host: fetched, verified, unpacked once per layer, shared between jobs, collected when nobody needs them. */
@NullMarked
package dev.flynn.images;

import org.jspecify.annotations.NullMarked;
