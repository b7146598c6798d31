package dev.flynn.controller;

import dev.flynn.api.id.AppId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.Release;
import dev.flynn.state.ClusterState;
import dev.flynn.state.Versioned;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** What releases have in the blobstore: the slug that their env names, artifacts of type {@code file}, images that were sent. */
final class ReleaseFiles {

    static final String BLOBSTORE = "http://blobstore.discoverd/";

    private static final String SLUG_URL = "SLUG_URL";
    private static final String FILE = "file";
    private static final String IMAGES = BLOBSTORE + "images/";

    private final ClusterState state;

    ReleaseFiles(ClusterState state) {
        this.state = state;
    }

    /** The URL of what was pushed to an app, if anything was. */
    static String repositoryOf(AppId app) {
        return BLOBSTORE + "repos/" + app + ".bundle";
    }

    /** With what the URLs of images begin that were sent to an app. */
    static String imagesOf(AppId app) {
        return IMAGES + app + "/";
    }

    /** Whether the release runs an app that was built here, so that it takes up room. */
    boolean isBuilt(Release release) {
        return release.env().containsKey(SLUG_URL) || !fileArtifacts(release).isEmpty();
    }

    /** URLs of what this release has in the blobstore. */
    Set<String> of(Release release) {
        Set<String> files = new TreeSet<>();
        Optional.ofNullable(release.env().get(SLUG_URL)).ifPresent(files::add);
        fileArtifacts(release).forEach(artifact -> files.add(artifact.value().uri()));
        files.removeIf(url -> !url.startsWith(BLOBSTORE));
        return files;
    }

    /** URLs of what only this release has there. */
    Set<String> onlyOf(Release release) {
        Set<String> files = of(release);
        others(release).forEach(other -> files.removeAll(of(other)));
        return files;
    }

    /** Artifacts of files that only this release runs. */
    List<Versioned<Artifact>> artifactsOnlyOf(Release release) {
        Set<Object> used = new HashSet<>();
        others(release).forEach(other -> used.addAll(other.artifacts()));
        return fileArtifacts(release).stream()
                .filter(artifact -> !used.contains(artifact.value().id()))
                .toList();
    }

    private List<Release> others(Release release) {
        return state.releases().list().stream()
                .map(Versioned::value)
                .filter(other -> !other.id().equals(release.id()))
                .toList();
    }

    private List<Versioned<Artifact>> fileArtifacts(Release release) {
        return release.artifacts().stream()
                .flatMap(id -> state.artifacts().find(id.toString()).stream())
                .filter(artifact -> artifact.value().type().equals(FILE) || isSentImage(artifact.value()))
                .toList();
    }

    private static boolean isSentImage(Artifact artifact) {
        return artifact.type().equals(Artifact.DOCKER) && artifact.uri().startsWith(IMAGES);
    }
}
