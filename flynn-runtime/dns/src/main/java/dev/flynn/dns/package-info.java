/** DNS of the cluster: names of services answered from discovery, all others by the host's resolvers. */
@NullMarked
package dev.flynn.dns;

import org.jspecify.annotations.NullMarked;
