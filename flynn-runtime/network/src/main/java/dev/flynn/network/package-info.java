/** Addresses for jobs: a bridge per host, a subnet per host, an overlay between hosts. */
@NullMarked
package dev.flynn.network;

import org.jspecify.annotations.NullMarked;
