/** Domains and ports that lead to a service. */
@NullMarked
package dev.flynn.api.route;

import org.jspecify.annotations.NullMarked;
