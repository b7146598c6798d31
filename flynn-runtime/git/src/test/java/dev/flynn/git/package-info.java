/** Tests of gitreceive with the real git. */
@NullMarked
package dev.flynn.git;

import org.jspecify.annotations.NullMarked;
