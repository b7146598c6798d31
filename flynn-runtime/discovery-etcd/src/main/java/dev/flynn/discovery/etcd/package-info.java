/** Discovery in an etcd that somebody runs already. */
@NullMarked
package dev.flynn.discovery.etcd;

import org.jspecify.annotations.NullMarked;
