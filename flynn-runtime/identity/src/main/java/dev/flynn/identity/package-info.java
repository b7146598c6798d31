/** Who belongs to a cluster: its authority, the certificates of its hosts, and the tokens that let a host join. */
@NullMarked
package dev.flynn.identity;

import org.jspecify.annotations.NullMarked;
