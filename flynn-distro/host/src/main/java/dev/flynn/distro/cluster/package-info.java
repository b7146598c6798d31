/** Commands that make several hosts one cluster, and the service by which they find each other. */
@NullMarked
package dev.flynn.distro.cluster;

import org.jspecify.annotations.NullMarked;
