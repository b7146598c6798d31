/** Directories that outlive jobs: which job has which, snapshots, copies to other hosts, and what nobody owns any more. */
@NullMarked
package dev.flynn.volumes;

import org.jspecify.annotations.NullMarked;
