/** A router on Netty: {@link dev.flynn.router.NettyRouter} is the door; it needs nothing else of the platform. */
@NullMarked
package dev.flynn.router;

import org.jspecify.annotations.NullMarked;
