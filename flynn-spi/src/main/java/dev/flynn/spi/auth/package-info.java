/** Who may do what. */
@NullMarked
package dev.flynn.spi.auth;

import org.jspecify.annotations.NullMarked;
