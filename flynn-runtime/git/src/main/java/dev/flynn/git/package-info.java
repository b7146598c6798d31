/** git push: smart HTTP, and the receiver that builds and deploys what was pushed. */
@NullMarked
package dev.flynn.git;

import org.jspecify.annotations.NullMarked;
