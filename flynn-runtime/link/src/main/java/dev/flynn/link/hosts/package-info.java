/** Reaching the jobs of other hosts over the link. */
@NullMarked
package dev.flynn.link.hosts;

import org.jspecify.annotations.NullMarked;
