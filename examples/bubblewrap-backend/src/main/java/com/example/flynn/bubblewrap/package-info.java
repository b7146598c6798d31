/** A container backend on bubblewrap, written against the published SPI alone. */
package com.example.flynn.bubblewrap;
