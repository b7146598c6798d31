/** The move of an app from one release to another. */
@NullMarked
package dev.flynn.api.deployment;

import org.jspecify.annotations.NullMarked;
