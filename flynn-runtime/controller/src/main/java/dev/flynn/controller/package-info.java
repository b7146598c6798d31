/** The controller: the HTTP API of the cluster, and the worker that carries out deployments and deletions. */
@NullMarked
package dev.flynn.controller;

import org.jspecify.annotations.NullMarked;
