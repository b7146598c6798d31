/** What a cluster remembers of the certificates that it gets itself. */
@NullMarked
package dev.flynn.state.acme;

import org.jspecify.annotations.NullMarked;
