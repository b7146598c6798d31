/** Apps and their formations. */
@NullMarked
package dev.flynn.api.app;

import org.jspecify.annotations.NullMarked;
