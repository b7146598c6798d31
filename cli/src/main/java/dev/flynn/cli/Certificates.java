package dev.flynn.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A TLS certificate and its key, as PEM.
 *
 * @param certificate one or more blocks, the server's own first
 */
record Certificates(String certificate, String key) {

    private static final String STDIN = "-";

    /** Reads what the options {@code --tls-cert} and {@code --tls-key} name; both or none of them. */
    static Optional<Certificates> of(Context context, Arguments arguments) {
        String certificate = arguments.option("tls-cert").orElse("");
        String key = arguments.option("tls-key").orElse("");
        if (certificate.isEmpty() != key.isEmpty()) {
            throw new CliException("Both the TLS certificate AND private key need to be specified");
        }
        if (certificate.isEmpty()) {
            return Optional.empty();
        }
        String stdin = certificate.equals(STDIN) || key.equals(STDIN) ? read(context) : "";
        return Optional.of(new Certificates(
                read(context, certificate, stdin, "CERTIFICATE", "Failed to read TLS cert: "),
                read(context, key, stdin, "PRIVATE KEY", "Failed to read TLS key: ")));
    }

    private static String read(Context context) {
        try {
            return new String(context.console().in().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new CliException("cannot read standard input: " + e.getMessage(), e);
        }
    }

    private static String read(Context context, String path, String stdin, String type, String failure) {
        if (path.equals(STDIN)) {
            String blocks = blocks(stdin, type);
            if (blocks.isEmpty()) {
                throw new CliException(failure + "No PEM blocks found in stdin");
            }
            return blocks;
        }
        try {
            return Files.readString(context.environment().directory().resolve(path));
        } catch (IOException e) {
            throw new CliException(failure + FileProblem.of(e), e);
        }
    }

    /** The blocks of exactly this type, each with a newline at its end. */
    static String blocks(String pem, String type) {
        var blocks = new StringBuilder();
        Pattern.compile("-----BEGIN %1$s-----.*?-----END %1$s-----".formatted(type), Pattern.DOTALL)
                .matcher(pem)
                .results()
                .forEach(block -> blocks.append(block.group()).append('\n'));
        return blocks.toString();
    }

    /** Keys are nobody's business. */
    @Override
    public String toString() {
        return "Certificates[***]";
    }
}
