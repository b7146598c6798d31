package dev.flynn.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How the arguments of one command are read (contract: CLI, Invocation): options anywhere, long ones by any unique
 * prefix, short ones bundled or with their value attached, {@code --} ends them.
 *
 * <p>A parser of our own because the usual ones cost a command more time than its request to the controller does:
 * picocli adds 60 ms to the start, its classes being too old a format for a class-data archive.
 */
final class Syntax {

    private final List<Option> options;
    private final List<Form> forms;
    private final boolean firstValueEndsOptions;

    private Syntax(List<Option> options, List<Form> forms, boolean firstValueEndsOptions) {
        this.options = options;
        this.forms = forms;
        this.firstValueEndsOptions = firstValueEndsOptions;
    }

    static Syntax of(List<Option> options, Form... forms) {
        return new Syntax(List.copyOf(options), List.of(forms), false);
    }

    /** A syntax without options. */
    static Syntax of(Form... forms) {
        return of(List.of(), forms);
    }

    /** For commands that take another program's command line as their last arguments. */
    Syntax endingOptionsAtFirstValue() {
        return new Syntax(options, forms, true);
    }

    List<Form> forms() {
        return forms;
    }

    Arguments parse(List<String> args) throws UsageException {
        Map<String, List<String>> given = new HashMap<>();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < args.size(); i++) {
            String arg = args.get(i);
            if (arg.equals("--")) {
                values.addAll(args.subList(i + 1, args.size()));
                break;
            }
            if (arg.startsWith("--")) {
                i += readLong(arg, next(args, i), given);
            } else if (arg.startsWith("-") && arg.length() > 1) {
                i += readShort(arg, next(args, i), given);
            } else {
                values.add(arg);
                if (firstValueEndsOptions) {
                    values.addAll(args.subList(i + 1, args.size()));
                    break;
                }
            }
        }
        for (Form form : forms) {
            if (form.fits(values, given.keySet())) {
                List<String> rest = values.subList(form.words().size(), values.size());
                return new Arguments(form.name(), Map.copyOf(given), List.copyOf(rest));
            }
        }
        throw new UsageException("the arguments do not fit");
    }

    private static List<String> next(List<String> args, int index) {
        return args.subList(index + 1, Math.min(index + 2, args.size()));
    }

    /** Returns how many further arguments were used. */
    private int readLong(String arg, List<String> next, Map<String, List<String>> given) throws UsageException {
        int equals = arg.indexOf('=');
        Option option = named(arg.substring(2, equals < 0 ? arg.length() : equals));
        if (equals >= 0) {
            if (!option.takesValue()) {
                throw new UsageException("--" + option.name() + " takes no value");
            }
            add(given, option, arg.substring(equals + 1));
            return 0;
        }
        return readValue(option, next, given);
    }

    private Option named(String prefix) throws UsageException {
        List<Option> matching = new ArrayList<>();
        for (Option option : options) {
            if (option.name().equals(prefix)) {
                return option;
            }
            if (option.name().startsWith(prefix)) {
                matching.add(option);
            }
        }
        if (matching.size() != 1) {
            throw new UsageException("--" + prefix + (matching.isEmpty() ? " is unknown" : " is ambiguous"));
        }
        return matching.get(0);
    }

    private int readShort(String arg, List<String> next, Map<String, List<String>> given) throws UsageException {
        for (int i = 1; i < arg.length(); i++) {
            Option option = lettered(arg.charAt(i));
            if (!option.takesValue()) {
                add(given, option, "");
            } else if (i + 1 < arg.length()) {
                add(given, option, arg.substring(i + 1));
                return 0;
            } else {
                return readValue(option, next, given);
            }
        }
        return 0;
    }

    private Option lettered(char letter) throws UsageException {
        for (Option option : options) {
            if (option.shortName() == letter) {
                return option;
            }
        }
        throw new UsageException("-" + letter + " is unknown");
    }

    private static void add(Map<String, List<String>> given, Option option, String value) {
        given.computeIfAbsent(option.name(), name -> new ArrayList<>()).add(value);
    }

    private static int readValue(Option option, List<String> next, Map<String, List<String>> given)
            throws UsageException {
        if (!option.takesValue()) {
            add(given, option, "");
            return 0;
        }
        if (next.isEmpty()) {
            throw new UsageException("--" + option.name() + " needs a value");
        }
        add(given, option, next.get(0));
        return 1;
    }
}
