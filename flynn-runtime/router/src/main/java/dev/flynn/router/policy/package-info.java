/** What a route asks of a request before it is passed on: passwords, rates, limits, sticky cookies. Not API: it may change in any release. */
@NullMarked
package dev.flynn.router.policy;

import org.jspecify.annotations.NullMarked;
