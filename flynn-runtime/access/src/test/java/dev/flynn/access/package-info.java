/** Tests of keys and of the audit trail. */
@NullMarked
package dev.flynn.access;

import org.jspecify.annotations.NullMarked;
