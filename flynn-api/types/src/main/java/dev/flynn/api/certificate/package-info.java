/** Certificates that a cluster gets for its routes from a certificate authority, by ACME. */
@NullMarked
package dev.flynn.api.certificate;

import org.jspecify.annotations.NullMarked;
