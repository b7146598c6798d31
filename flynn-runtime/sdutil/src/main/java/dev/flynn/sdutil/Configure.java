package dev.flynn.sdutil;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Files that are made of templates. */
final class Configure implements Supervisor.Dependencies {

    private record File(Template template, Path destination) {}

    private final List<File> files;
    private final ServiceFields fields;
    private Map<Path, String> rendered = Map.of();

    /** @param pairs {@code template:destination} */
    Configure(List<String> pairs, ServiceFields fields) {
        this.files = pairs.stream().map(Configure::file).toList();
        this.fields = fields;
    }

    private static File file(String pair) {
        int colon = pair.lastIndexOf(':');
        if (colon < 1 || colon == pair.length() - 1) {
            throw new Usage(Usage.FATAL, "\"" + pair + "\" must be template:destination");
        }
        Path source = Path.of(pair.substring(0, colon));
        try {
            return new File(
                    Template.parse(source.toString(), Files.readString(source)), Path.of(pair.substring(colon + 1)));
        } catch (IOException e) {
            throw new Usage(Usage.FATAL, "template " + source + " cannot be read: " + e.getMessage());
        }
    }

    /** The text of every file counts, so that what templates do not use changes nothing. */
    @Override
    public Optional<Map<String, String>> look() {
        Map<Path, String> texts = new LinkedHashMap<>();
        boolean complete = true;
        for (File file : files) {
            try {
                texts.put(file.destination(), file.template().render(ServiceFields.ROOT, fields));
            } catch (ServiceFields.NotThereYet missing) {
                complete = false;
            }
        }
        if (complete) {
            rendered = texts;
        }
        // what was there once stays in the file until something else is: the command goes on with the last known
        return rendered.isEmpty() ? Optional.empty() : Optional.of(Map.of("SDUTIL_CONFIGURATION", digest()));
    }

    private String digest() {
        return Integer.toHexString(rendered.hashCode());
    }

    /** Writes all files, each of them at once. */
    void write() {
        rendered.forEach((destination, text) -> {
            try {
                Path directory = destination.toAbsolutePath().getParent();
                Path fresh = Files.createTempFile(directory, ".sdutil", "");
                Files.writeString(fresh, text);
                if (Files.exists(destination)) {
                    Files.setPosixFilePermissions(fresh, Files.getPosixFilePermissions(destination));
                }
                Files.move(fresh, destination, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (IOException e) {
                throw new UncheckedIOException(destination + " cannot be written", e);
            }
        });
    }
}
