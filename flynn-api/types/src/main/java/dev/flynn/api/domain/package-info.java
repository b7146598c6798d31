/** The domain under which a cluster is reached, and its change. */
@NullMarked
package dev.flynn.api.domain;

import org.jspecify.annotations.NullMarked;
