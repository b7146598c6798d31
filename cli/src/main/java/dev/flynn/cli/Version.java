package dev.flynn.cli;

/** Which build of the program this is. */
final class Version {

    private Version() {}

    /** A release's tag such as {@code v1.0.0}; {@code dev} for every other build. */
    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return version == null || version.endsWith("-SNAPSHOT") ? "dev" : "v" + version;
    }
}
