/** Three hosts as processes of their own, the troubles that they have, and what must be true of everything that they saw. */
@NullMarked
package dev.flynn.link.proof;

import org.jspecify.annotations.NullMarked;
