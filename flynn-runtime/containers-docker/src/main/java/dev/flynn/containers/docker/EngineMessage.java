package dev.flynn.containers.docker;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What an engine says when it refuses, for people. */
final class EngineMessage {

    private static final Pattern STATUS = Pattern.compile("^Status \\d+: ");
    private static final Pattern JSON = Pattern.compile("\"(?:message|cause)\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*)\"");

    private EngineMessage() {}

    /** The sentence in the engine's answer, which is JSON behind a status. */
    static String of(String answer) {
        String text = STATUS.matcher(answer).replaceFirst("").strip();
        Matcher json = JSON.matcher(text);
        if (!text.startsWith("{") || !json.find()) {
            return text;
        }
        return json.group(1)
                .replace("\\n", " ")
                .replace("\\\"", "\"")
                .replace("\\u003c", "<")
                .replace("\\u003e", ">")
                .replace("\\\\", "\\")
                .strip();
    }
}
