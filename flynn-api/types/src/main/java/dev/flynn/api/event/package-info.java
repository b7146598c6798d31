/** What happened in the cluster, in the order in which it was committed. */
@NullMarked
package dev.flynn.api.event;

import org.jspecify.annotations.NullMarked;
