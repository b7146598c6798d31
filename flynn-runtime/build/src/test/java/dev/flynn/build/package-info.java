/** Tests that run the real programs on real apps. */
@NullMarked
package dev.flynn.build;

import org.jspecify.annotations.NullMarked;
