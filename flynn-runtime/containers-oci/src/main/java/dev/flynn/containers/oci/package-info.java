/** The container backend on an OCI runtime and conmon: real containers, no daemon, jobs outlive a restart of the host's agent. */
@NullMarked
package dev.flynn.containers.oci;

import org.jspecify.annotations.NullMarked;
