/** What a host is asked to run and what it observed. */
@NullMarked
package dev.flynn.api.host;

import org.jspecify.annotations.NullMarked;
