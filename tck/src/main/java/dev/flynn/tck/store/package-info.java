/** Contract tests of the cluster store. */
@NullMarked
package dev.flynn.tck.store;

import org.jspecify.annotations.NullMarked;
