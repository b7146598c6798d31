package dev.flynn.tck.wire;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** Takes what nobody should read out of what is reported. */
final class Blotter {

    private static final String BLOT = "***";
    private static final int LONGEST = 4000;
    private static final int LAST = 6;
    private static final Pattern PRIVATE_KEY = Pattern.compile("-----BEGIN ([A-Z ]*PRIVATE KEY)-----[^\"]*");
    private static final Pattern SECRET_VALUE =
            Pattern.compile("(\"[A-Z_]*(?:PASSWORD|PWD|SECRET|TOKEN|KEY|DATABASE_URL)\"\\s*:\\s*\")[^\"]*\"");

    private final String key;

    Blotter(String key) {
        this.key = key;
    }

    String blot(String text) {
        String blotted = text;
        if (!key.isEmpty()) {
            blotted = blotted.replace(WireClient.basic(key), "Basic " + BLOT)
                    .replace(URLEncoder.encode(key, StandardCharsets.UTF_8), BLOT)
                    .replace(key, BLOT);
        }
        blotted = PRIVATE_KEY.matcher(blotted).replaceAll("-----BEGIN $1----- " + BLOT);
        return SECRET_VALUE.matcher(blotted).replaceAll("$1" + BLOT + "\"");
    }

    /** The last exchanges, which are those that a check failed at; of the same request again and again the last. */
    List<String> transcript(List<Exchange> all) {
        List<Exchange> exchanges = new ArrayList<>();
        for (Exchange exchange : all) {
            int last = exchanges.size() - 1;
            if (last >= 0 && exchanges.get(last).request().equals(exchange.request())) {
                exchanges.remove(last);
            }
            exchanges.add(exchange);
        }
        List<String> told = new ArrayList<>();
        int first = Math.max(0, exchanges.size() - LAST);
        if (first > 0) {
            told.add("… %d exchanges before".formatted(first));
        }
        exchanges.subList(first, exchanges.size()).forEach(exchange -> told.add(blot(tell(exchange))));
        return told;
    }

    private static String tell(Exchange exchange) {
        Request request = exchange.request();
        var text = new StringBuilder();
        text.append(request.method()).append(' ').append(request.target()).append(" HTTP/1.1\n");
        tell(text, request.headers(), request.body());
        exchange.response()
                .ifPresentOrElse(
                        response -> {
                            text.append("\nHTTP/1.1 ").append(response.status()).append('\n');
                            tell(text, response.headers(), Optional.of(response.text()));
                        },
                        () -> text.append("\nno answer: ").append(exchange.failure()));
        return text.toString();
    }

    private static void tell(StringBuilder text, Headers headers, Optional<String> body) {
        headers.fields()
                .forEach(field -> text.append(field.name())
                        .append(": ")
                        .append(field.value())
                        .append('\n'));
        body.filter(content -> !content.isEmpty()).ifPresent(content -> {
            text.append('\n').append(content, 0, Math.min(LONGEST, content.length()));
            text.append(content.length() > LONGEST ? "…\n" : "\n");
        });
    }
}
