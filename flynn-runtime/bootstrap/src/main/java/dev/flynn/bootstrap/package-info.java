/** Turning idle hosts into a cluster by executing a manifest, again and again until it is one. */
@NullMarked
package dev.flynn.bootstrap;

import org.jspecify.annotations.NullMarked;
