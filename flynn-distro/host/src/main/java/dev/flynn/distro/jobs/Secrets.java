package dev.flynn.distro.jobs;

import java.util.regex.Pattern;

/** Takes what looks like a secret out of text that others will read. */
final class Secrets {

    static final String REDACTED = "XXXREDACTEDXXX";

    private static final Pattern NAMED = Pattern.compile(
            "(?i)([\\w-]*(?:key|secret|token|password|passwd|pwd|credential)[\\w-]*[\"']?\\s*[=:]\\s*[\"']?)[^\\s\"',;]+");
    private static final Pattern OPTION =
            Pattern.compile("(?i)(--(?:[\\w-]*-)?(?:key|secret|token|password|pin)\\s+)\\S+");
    private static final Pattern IN_URL = Pattern.compile("(\\w+://[^/\\s:@]*:)[^@/\\s]+@");
    private static final Pattern JOIN_TOKEN = Pattern.compile("(flynn-join-\\d+\\.)\\S+");

    private Secrets() {}

    static String redact(String text) {
        String result = IN_URL.matcher(text).replaceAll("$1" + REDACTED + "@");
        result = JOIN_TOKEN.matcher(result).replaceAll("$1" + REDACTED);
        result = OPTION.matcher(result).replaceAll("$1" + REDACTED);
        return NAMED.matcher(result).replaceAll("$1" + REDACTED);
    }
}
