package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import java.util.List;

/**
 * The data of a {@code release_deletion} event.
 *
 * @param error empty once the app is rid of the release; otherwise why this attempt failed
 */
record ReleaseDeletionProgress(
        ReleaseDeletion releaseDeletion,
        @JsonInclude(JsonInclude.Include.ALWAYS) String error) {

    /**
     * What was deleted.
     *
     * @param remainingApps other apps that use the release, which therefore stays
     * @param deletedFiles URLs of what was deleted in the blobstore
     */
    record ReleaseDeletion(
            AppId app,
            ReleaseId release,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<AppId> remainingApps,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<String> deletedFiles) {}

    static ReleaseDeletionProgress failed(AppId app, ReleaseId release, String error) {
        return new ReleaseDeletionProgress(new ReleaseDeletion(app, release, List.of(), List.of()), error);
    }

    static ReleaseDeletionProgress done(AppId app, ReleaseId release, List<AppId> remaining, List<String> files) {
        return new ReleaseDeletionProgress(new ReleaseDeletion(app, release, remaining, files), "");
    }
}
