/** The container backend for programs inside this process: how the platform's own apps run. */
@NullMarked
package dev.flynn.containers.builtin;

import org.jspecify.annotations.NullMarked;
