package dev.flynn.state.acme;

import java.util.Optional;

/**
 * An account with an authority.
 *
 * @param directory of the authority
 * @param sealedKeys its key pair, encrypted
 * @param location its URL, once the authority knows the account
 */
public record AcmeAccount(String directory, String sealedKeys, Optional<String> location) {}
