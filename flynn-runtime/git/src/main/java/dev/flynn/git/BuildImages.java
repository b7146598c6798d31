package dev.flynn.git;

/** The images that build and run what is pushed, as artifact URIs of type {@code host}. */
record BuildImages(String slugbuilder, String slugrunner) {}
