/** The compiled route table: which backend a request goes to. Not API: it may change in any release. */
@NullMarked
package dev.flynn.router.table;

import org.jspecify.annotations.NullMarked;
