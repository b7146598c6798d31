package dev.flynn.it;

import java.nio.file.Path;

/** The assembled distribution and the examples of this repository. */
final class Distribution {

    private Distribution() {}

    static Path bin() {
        return Path.of(System.getProperty("flynn.distribution")).resolve("bin").normalize();
    }

    static Path example(String name) {
        return Path.of(System.getProperty("flynn.examples"))
                .resolve("apps")
                .resolve(name)
                .normalize();
    }
}
