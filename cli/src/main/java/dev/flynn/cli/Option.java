package dev.flynn.cli;

/**
 * An option of a command.
 *
 * @param shortName the letter after one dash, 0 when there is none
 * @param name the word after two dashes; also how the command asks for it
 * @param takesValue whether a value follows
 */
record Option(char shortName, String name, boolean takesValue) {

    static Option flag(char shortName, String name) {
        return new Option(shortName, name, false);
    }

    static Option flag(String name) {
        return new Option((char) 0, name, false);
    }

    static Option value(char shortName, String name) {
        return new Option(shortName, name, true);
    }

    static Option value(String name) {
        return new Option((char) 0, name, true);
    }
}
