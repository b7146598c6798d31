/** Commands for the hosts of the cluster: who is there, tags, draining, votes in the store, removal. */
@NullMarked
package dev.flynn.distro.hosts;

import org.jspecify.annotations.NullMarked;
