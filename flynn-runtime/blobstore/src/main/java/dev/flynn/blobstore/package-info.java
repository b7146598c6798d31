/** Large objects by key: on the file system, and over HTTP. */
@NullMarked
package dev.flynn.blobstore;

import org.jspecify.annotations.NullMarked;
