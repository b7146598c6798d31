/** Tests of the embedded controller. */
@NullMarked
package dev.flynn.embedded;

import org.jspecify.annotations.NullMarked;
