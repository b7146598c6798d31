package dev.flynn.tck.wire;

/**
 * One thing that the contract says, and how it is looked at.
 *
 * @param id stays the same from version to version of the suite
 * @param says the promise, in a sentence
 * @param profile the smallest profile that asks for it
 * @param begins how early it begins: what waits long goes first
 */
record Check(String id, Endpoint endpoint, String section, String says, Profile profile, Begins begins, Body body) {

    enum Begins {
        EARLY,
        IN_TURN
    }

    /** Looks, and throws {@link ContractBroken} if it is otherwise. */
    @FunctionalInterface
    interface Body {
        void run(Lab lab) throws Exception;
    }

    String title() {
        return "%s [controller %s] %s".formatted(id, section, endpoint.call());
    }
}
