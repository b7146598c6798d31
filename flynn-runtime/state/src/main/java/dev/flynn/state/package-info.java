/** The cluster's records in the store: typed tables, live views, jobs and their transitions, events. */
@NullMarked
package dev.flynn.state;

import org.jspecify.annotations.NullMarked;
