/** TLS at the entrance: engines, contexts, certificates by name, tickets. Not API: it may change in any release. */
@NullMarked
package dev.flynn.router.tls;

import org.jspecify.annotations.NullMarked;
