/** The cluster store on Apache Ratis, and in memory. */
@NullMarked
package dev.flynn.store;

import org.jspecify.annotations.NullMarked;
