package dev.flynn.cli;

/** What the files of an exported app are called (contract: layer 1, App export). */
final class ArchiveNames {

    static final String APP = "app.json";
    static final String ROUTES = "routes.json";
    static final String RELEASE = "release.json";
    static final String ARTIFACT = "artifact.json";
    static final String ARTIFACTS = "artifacts.json";
    static final String FORMATION = "formation.json";
    static final String SLUG = "slug.tar.gz";

    /** The variable of a release that says where its slug is. */
    static final String SLUG_URL = "SLUG_URL";

    private ArchiveNames() {}
}
