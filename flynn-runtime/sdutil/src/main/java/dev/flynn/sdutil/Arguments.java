package dev.flynn.sdutil;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The flags of a sub-command, and what follows them: the first word that is no flag ends them, so that a command keeps its own.
 *
 * @param flags each with its values, in order; a flag without a value has an empty one
 * @param rest what follows the flags
 */
record Arguments(Map<String, List<String>> flags, List<String> rest) {

    /**
     * @param withValue letters of the flags that have a value, such as {@code hs}
     * @param without letters of those that have none
     */
    static Arguments parse(List<String> words, String withValue, String without) {
        Map<String, List<String>> flags = new LinkedHashMap<>();
        int at = 0;
        while (at < words.size()) {
            String word = words.get(at);
            if (word.equals("--")) {
                at++;
                break;
            }
            if (!word.startsWith("-") || word.length() < 2) {
                break;
            }
            String flag = word.substring(1).replaceFirst("^-", "");
            String value = "";
            int equals = flag.indexOf('=');
            if (equals > 0) {
                value = flag.substring(equals + 1);
                flag = flag.substring(0, equals);
            }
            at++;
            if (flag.length() == 1 && withValue.contains(flag)) {
                if (equals < 0) {
                    if (at == words.size()) {
                        throw new Usage(Usage.BAD_FLAG, "flag needs an argument: -" + flag);
                    }
                    value = words.get(at++);
                }
            } else if (flag.length() != 1 || !without.contains(flag) || equals > 0) {
                throw new Usage(Usage.BAD_FLAG, "flag provided but not defined: -" + flag);
            }
            flags.computeIfAbsent(flag, any -> new ArrayList<>()).add(value);
        }
        return new Arguments(flags, List.copyOf(words.subList(at, words.size())));
    }

    boolean has(String flag) {
        return flags.containsKey(flag);
    }

    List<String> all(String flag) {
        return flags.getOrDefault(flag, List.of());
    }

    /** The last value of a flag. */
    Optional<String> one(String flag) {
        List<String> values = all(flag);
        return values.isEmpty() ? Optional.empty() : Optional.of(values.get(values.size() - 1));
    }

    /** The command that follows the flags. */
    List<String> command() {
        if (rest.isEmpty()) {
            throw new Usage(Usage.FATAL, "a command to run is missing");
        }
        return rest;
    }

    /** The one word that follows the flags. */
    String single(String what) {
        if (rest.size() != 1) {
            throw new Usage(Usage.FATAL, "exactly one " + what + " is needed");
        }
        return rest.get(0);
    }
}
