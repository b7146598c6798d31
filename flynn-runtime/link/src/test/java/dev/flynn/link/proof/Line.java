package dev.flynn.link.proof;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What a host told: a kind, and what belongs to it. In writing a line ends with a full stop, so that one that the host could not
 * finish before it was killed is known as such.
 *
 * @param life how often this host had been started when it told this
 */
record Line(String host, int life, List<String> words) {

    private static final String END = ".";

    static String format(List<?> words) {
        return Stream.concat(words.stream().map(word -> URLEncoder.encode(String.valueOf(word), UTF_8)), Stream.of(END))
                .collect(Collectors.joining(" "));
    }

    /** Nothing, if the line was never finished. */
    static Optional<Line> parse(String host, int life, String text) {
        if (!text.endsWith(" " + END)) {
            return Optional.empty();
        }
        List<String> words = Stream.of(text.split(" ", -1))
                .map(word -> URLDecoder.decode(word, UTF_8))
                .toList();
        return Optional.of(new Line(host, life, words.subList(0, words.size() - 1)));
    }

    /** Tells hosts and their lives apart. */
    String process() {
        return host + "." + life;
    }

    boolean is(String kind) {
        return words.get(0).equals(kind);
    }

    String word(int position) {
        return words.get(position);
    }

    long number(int position) {
        return Long.parseLong(words.get(position));
    }

    /** What stands from this word on. */
    List<String> from(int position) {
        return words.subList(position, words.size());
    }

    @Override
    public String toString() {
        return process() + " " + String.join(" ", words);
    }
}
