package dev.flynn.store;

import dev.flynn.spi.store.Transaction;

/**
 * A transaction as it stands in the log: with everything that its effect depends on.
 *
 * @param timeMillis when it was submitted, by the clock of the host that did
 */
record Command(long timeMillis, Transaction transaction) {}
