/** The link as the transport of the cluster store's replicas. */
@NullMarked
package dev.flynn.link.store;

import org.jspecify.annotations.NullMarked;
