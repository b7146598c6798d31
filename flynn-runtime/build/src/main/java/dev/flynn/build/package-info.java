/** The programs that build and run what is pushed: slugbuilder with its buildpacks, and slugrunner. */
@NullMarked
package dev.flynn.build;

import org.jspecify.annotations.NullMarked;
