package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.api.host.Capacity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What jobs may reserve together on this host: what the machine has, or what an operator says in {@value #VARIABLE}, such as
 * {@code memory=64GB,cpu=16000}; what that does not name is the machine's.
 */
final class HostCapacity {

    static final String VARIABLE = "FLYNN_HOST_CAPACITY";

    private static final Pattern MEMORY = Pattern.compile("(\\d{1,12})([kmgt]?)b?");
    private static final String UNITS = "kmgt";
    private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d+) kB");

    private HostCapacity() {}

    static Capacity ofThisHost() {
        return of(System.getenv(), ofThisMachine());
    }

    /** @throws FlynnException {@code VALIDATION} if the variable is set to something else */
    static Capacity of(Map<String, String> env, Capacity machine) {
        Capacity capacity = machine;
        String text = env.getOrDefault(VARIABLE, "");
        for (String part : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            String[] pair = part.split("=", 2);
            String value = pair.length == 2 ? pair[1] : "";
            capacity = switch (pair[0]) {
                case "memory" -> new Capacity(bytes(value), capacity.milliCpus());
                case "cpu" -> new Capacity(capacity.memoryBytes(), milliCpus(value));
                default -> throw invalid(text);
            };
        }
        return capacity;
    }

    /** By the kernel: the JDK's view of control groups fails in some that are namespaces of their own. */
    private static Capacity ofThisMachine() {
        return new Capacity(
                memoryBytes(Path.of("/proc/meminfo")), Runtime.getRuntime().availableProcessors() * 1000L);
    }

    private static long memoryBytes(Path meminfo) {
        try (Stream<String> lines = Files.lines(meminfo)) {
            return lines.map(TOTAL::matcher)
                    .filter(Matcher::matches)
                    .mapToLong(total -> Long.parseLong(total.group(1)) << 10)
                    .findFirst()
                    .orElse(Long.MAX_VALUE);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tell the memory of this machine from " + meminfo, e);
        }
    }

    private static long bytes(String text) {
        Matcher matcher = MEMORY.matcher(text.toLowerCase(Locale.ROOT));
        if (!matcher.matches()) {
            throw invalid(text);
        }
        int shift = matcher.group(2).isEmpty() ? 0 : 10 * (UNITS.indexOf(matcher.group(2)) + 1);
        return Long.parseLong(matcher.group(1)) << shift;
    }

    private static long milliCpus(String text) {
        try {
            long number = Long.parseLong(text);
            if (number >= 0) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw invalid(text);
        }
        throw invalid(text);
    }

    private static FlynnException invalid(String text) {
        return FlynnException.invalid("%s must be like memory=64GB,cpu=16000 (thousandths of a processor), was \"%s\""
                .formatted(VARIABLE, text));
    }
}
