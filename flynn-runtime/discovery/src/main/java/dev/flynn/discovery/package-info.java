/** Discovery on the cluster store: registrations that expire, leaders, metadata. */
@NullMarked
package dev.flynn.discovery;

import org.jspecify.annotations.NullMarked;
