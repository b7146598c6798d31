/** The contract test of blob stores. */
@NullMarked
package dev.flynn.tck.blob;

import org.jspecify.annotations.NullMarked;
