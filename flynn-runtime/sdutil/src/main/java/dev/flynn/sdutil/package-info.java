/** The sdutil command: registers programs, and tells them the addresses of services. */
@NullMarked
package dev.flynn.sdutil;

import org.jspecify.annotations.NullMarked;
