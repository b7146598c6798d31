/** The rules that routes obey, whoever makes them: the controller for its apps, or the API of the router. */
@NullMarked
package dev.flynn.state.route;

import org.jspecify.annotations.NullMarked;
