package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.id.AppId;
import dev.flynn.api.resource.Resource;
import dev.flynn.api.route.Route;
import java.util.List;
import java.util.Optional;

/**
 * The data of an {@code app_deletion} event.
 *
 * @param error empty once the app is gone; otherwise why this attempt failed
 */
record AppDeletionProgress(
        AppDeletion appDeletion,
        @JsonInclude(JsonInclude.Include.ALWAYS) String error) {

    /** What was deleted; a list is null on the wire when there was nothing. */
    record AppDeletion(
            AppId app,
            @JsonInclude(JsonInclude.Include.ALWAYS) Optional<List<Route>> deletedRoutes,
            @JsonInclude(JsonInclude.Include.ALWAYS) Optional<List<Resource>> deletedResources) {}

    static AppDeletionProgress failed(AppId app, String error) {
        return new AppDeletionProgress(new AppDeletion(app, Optional.empty(), Optional.empty()), error);
    }

    static AppDeletionProgress done(AppId app, List<Route> routes, List<Resource> resources) {
        return new AppDeletionProgress(
                new AppDeletion(
                        app,
                        Optional.of(routes).filter(list -> !list.isEmpty()),
                        Optional.of(resources).filter(list -> !list.isEmpty())),
                "");
    }
}
