/** Identities: one type per kind of object, so that none is taken for another. */
@NullMarked
package dev.flynn.api.id;

import org.jspecify.annotations.NullMarked;
