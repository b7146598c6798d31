/** The controller: what can be done with a cluster, as methods, and the worker that carries out deployments and deletions. */
@NullMarked
package dev.flynn.controller;

import org.jspecify.annotations.NullMarked;
