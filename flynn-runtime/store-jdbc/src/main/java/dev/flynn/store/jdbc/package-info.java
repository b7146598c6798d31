/** The cluster store in a PostgreSQL database that somebody runs already. */
@NullMarked
package dev.flynn.store.jdbc;

import org.jspecify.annotations.NullMarked;
