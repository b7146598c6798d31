/** Small things that every component needs: named threads, closing in reverse order, disk space. */
@NullMarked
package dev.flynn.base;

import org.jspecify.annotations.NullMarked;
