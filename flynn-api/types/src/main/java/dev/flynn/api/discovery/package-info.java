/** Services, their instances and leaders. */
@NullMarked
package dev.flynn.api.discovery;

import org.jspecify.annotations.NullMarked;
