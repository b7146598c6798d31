/** Commands for the jobs of hosts: what runs, what it writes, how it is started and stopped. */
@NullMarked
package dev.flynn.distro.jobs;

import org.jspecify.annotations.NullMarked;
