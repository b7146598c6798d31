/** The cluster's hosts, for programs on its hosts: who is there, tags, draining, votes, removal. */
@NullMarked
package dev.flynn.link.admin;

import org.jspecify.annotations.NullMarked;
