/** What {@code flynn-host router} shows of the routers of the cluster. */
@NullMarked
package dev.flynn.distro.router;

import org.jspecify.annotations.NullMarked;
