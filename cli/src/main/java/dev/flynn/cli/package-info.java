/** The command line {@code flynn} of app developers and operators. */
@NullMarked
package dev.flynn.cli;

import org.jspecify.annotations.NullMarked;
