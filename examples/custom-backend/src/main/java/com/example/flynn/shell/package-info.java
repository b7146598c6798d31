/** A container backend written outside of the platform, against its published SPI alone. */
package com.example.flynn.shell;
