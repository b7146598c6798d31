/** HTTP messages as bytes: heads, fields, framing, bodies, and the answers that the router writes itself. Not API: it may change in any release. */
@NullMarked
package dev.flynn.router.message;

import org.jspecify.annotations.NullMarked;
