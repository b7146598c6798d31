package dev.flynn.distro;

import dev.flynn.spi.container.ContainerBackend;
import java.util.Optional;

/**
 * What runs the jobs of apps on this host.
 *
 * @param name as operators say it: {@code oci}, {@code docker}, {@code process}
 * @param gateway the address of this host in the network of its jobs, if they have addresses of their own
 */
record AppBackend(String name, ContainerBackend backend, Optional<String> gateway) {}
