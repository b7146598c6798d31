/** The disk of one host: who uses it, what of that can go, and what is kept free for the platform. */
@NullMarked
package dev.flynn.disk;

import org.jspecify.annotations.NullMarked;
