/** Jobs as the controller shows them, and what a client sends to run one. */
@NullMarked
package dev.flynn.api.job;

import org.jspecify.annotations.NullMarked;
