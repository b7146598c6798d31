/** Contract tests of the authenticator. */
@NullMarked
package dev.flynn.tck.auth;

import org.jspecify.annotations.NullMarked;
