/** Tests of the controller. */
@NullMarked
package dev.flynn.controller;

import org.jspecify.annotations.NullMarked;
