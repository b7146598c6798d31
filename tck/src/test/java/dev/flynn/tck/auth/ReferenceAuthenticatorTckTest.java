package dev.flynn.tck.auth;

class ReferenceAuthenticatorTckTest extends ReferenceAuthenticatorKit {}
