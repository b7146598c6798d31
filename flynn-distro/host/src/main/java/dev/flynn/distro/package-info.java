/** The program flynn-host: its command line, and the assembly of the components on one machine. */
@NullMarked
package dev.flynn.distro;

import org.jspecify.annotations.NullMarked;
