/** The JSON form of the API types, the same for server, clients and stored records. */
@NullMarked
package dev.flynn.json;

import org.jspecify.annotations.NullMarked;
