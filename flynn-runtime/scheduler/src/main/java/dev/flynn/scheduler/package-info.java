/** Deciding what runs where, and making it so: a pure plan and a thin loop around it. */
@NullMarked
package dev.flynn.scheduler;

import org.jspecify.annotations.NullMarked;
