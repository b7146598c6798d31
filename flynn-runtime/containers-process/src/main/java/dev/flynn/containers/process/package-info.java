/** The container backend for plain processes: works anywhere, as any user, and isolates nothing. */
@NullMarked
package dev.flynn.containers.process;

import org.jspecify.annotations.NullMarked;
