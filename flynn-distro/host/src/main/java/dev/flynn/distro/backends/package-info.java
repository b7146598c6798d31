/** What runs the jobs of apps, by the name that operators say, with the network, the images and the files that it needs. */
@NullMarked
package dev.flynn.distro.backends;

import org.jspecify.annotations.NullMarked;
