/** The agent of one machine: runs the jobs that the cluster assigns to it. */
@NullMarked
package dev.flynn.host;

import org.jspecify.annotations.NullMarked;
