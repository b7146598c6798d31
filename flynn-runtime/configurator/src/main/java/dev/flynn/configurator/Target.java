package dev.flynn.configurator;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * The file that a program reads, and the commands that check a text for it and make the program read it again.
 *
 * @param check has the name of a file in {@code FILE}; what it says when it fails is the reason
 */
record Target(Path file, Optional<Tool> check, Optional<Tool> reload) {

    /** @throws Refusal in the words of the tool */
    void requireValid(String text) {
        if (check.isEmpty()) {
            return;
        }
        // beside the file itself, because what it includes may be meant from there
        Path candidate = file.toAbsolutePath().resolveSibling("." + file.getFileName() + ".check");
        AtomicFiles.replace(candidate, text);
        try {
            Tool.Result verdict = check.get().run("", Map.of("FILE", candidate.toString()));
            if (verdict.status() != 0) {
                throw Refusal.invalid((verdict.error() + verdict.output()).strip());
            }
        } finally {
            delete(candidate);
        }
    }

    /** @throws FlynnException {@code UNAVAILABLE} if the program does not take it; the file is there */
    void apply(String text) {
        AtomicFiles.replace(file, text);
        reload.ifPresent(tool -> {
            Tool.Result result = tool.run("", Map.of());
            if (result.status() != 0) {
                throw FlynnException.unavailable(
                        "the configuration is stored and written, but the reload failed: "
                                + (result.error() + result.output()).strip(),
                        null);
            }
        });
    }

    private static void delete(Path candidate) {
        try {
            Files.deleteIfExists(candidate);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
