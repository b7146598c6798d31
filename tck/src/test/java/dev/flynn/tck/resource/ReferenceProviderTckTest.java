package dev.flynn.tck.resource;

class ReferenceProviderTckTest extends ReferenceProviderKit {}
