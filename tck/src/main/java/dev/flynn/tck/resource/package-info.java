/** Contract tests of resource providers. */
@NullMarked
package dev.flynn.tck.resource;

import org.jspecify.annotations.NullMarked;
