/** Gets certificates for routes from a certificate authority, and renews them (RFC 8555). */
@NullMarked
package dev.flynn.acme;

import org.jspecify.annotations.NullMarked;
