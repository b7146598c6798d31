package dev.flynn.tck.wire;

/** What was answered is not what the contract says. */
final class ContractBroken extends RuntimeException {

    private static final long serialVersionUID = 1;

    ContractBroken(String message) {
        super(message, null, false, false);
    }
}
