/** The one connection between two hosts: calls and streams over mutual TLS. */
@NullMarked
package dev.flynn.link;

import org.jspecify.annotations.NullMarked;
