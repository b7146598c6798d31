package dev.flynn.cli;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How users write and read limits (contract: CLI, limit). */
final class Limits {

    private static final Set<String> TYPES = Set.of("memory", "max_fd", "max_procs", "cpu", "temp_disk");
    private static final Set<String> IN_BYTES = Set.of("memory", "temp_disk");
    private static final Pattern VALUE = Pattern.compile("(\\d+)([kKmMgGtTpP])?[bB]?");
    private static final String UNITS = "kmgtp";
    private static final String[] BYTE_UNITS = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};

    private Limits() {}

    static void requireType(String type, String value) {
        if (!TYPES.contains(type)) {
            throw new CliException("invalid resource limit type: [\"%s\" \"%s\"]".formatted(type, value));
        }
    }

    static long parse(String type, String value) {
        return amount(value, IN_BYTES.contains(type) ? 1024 : 1000)
                .orElseThrow(() -> new CliException("invalid resource limit value: \"" + value + "\""));
    }

    /** A number of bytes, such as {@code 10MB}. */
    static OptionalLong bytes(String value) {
        return amount(value, 1024);
    }

    private static OptionalLong amount(String value, long base) {
        Matcher matcher = VALUE.matcher(value);
        if (!matcher.matches()) {
            return OptionalLong.empty();
        }
        try {
            int power = matcher.group(2) == null
                    ? 0
                    : UNITS.indexOf(matcher.group(2).toLowerCase(Locale.ROOT)) + 1;
            long amount = Long.parseLong(matcher.group(1));
            for (int i = 0; i < power; i++) {
                amount = Math.multiplyExact(amount, base);
            }
            return OptionalLong.of(amount);
        } catch (ArithmeticException | NumberFormatException tooLarge) {
            return OptionalLong.empty();
        }
    }

    static String format(String type, long amount) {
        return IN_BYTES.contains(type) ? bytes(amount) : String.valueOf(amount);
    }

    /** Four significant digits. */
    static String bytes(long amount) {
        BigDecimal value = BigDecimal.valueOf(amount);
        BigDecimal unit = BigDecimal.valueOf(1024);
        int power = 0;
        while (value.compareTo(unit) >= 0 && power < BYTE_UNITS.length - 1) {
            value = value.divide(unit, MathContext.DECIMAL64);
            power++;
        }
        return value.round(new MathContext(4)).stripTrailingZeros().toPlainString() + BYTE_UNITS[power];
    }
}
