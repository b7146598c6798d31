package dev.flynn.images;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;

/** The kind of machine that an image is for. */
record Platform(String os, String architecture) {

    /** What this JVM runs on, in the words of images. */
    static Platform current() {
        String architecture = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        return new Platform(
                "linux",
                switch (architecture) {
                    case "x86_64" -> "amd64";
                    case "aarch64" -> "arm64";
                    default -> architecture;
                });
    }

    static Platform of(JsonNode json) {
        return new Platform(
                json.path("os").asText(""), json.path("architecture").asText(""));
    }

    boolean isUnknown() {
        return os.isEmpty() || architecture.isEmpty();
    }

    @Override
    public String toString() {
        return os + "/" + architecture;
    }
}
