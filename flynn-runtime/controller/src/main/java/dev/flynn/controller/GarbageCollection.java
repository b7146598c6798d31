package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ReleaseId;
import java.util.List;

/** The data of an {@code app_garbage_collection} event: which releases of an app are deleted because they are old. */
record GarbageCollection(
        Collected appGarbageCollection,
        @JsonInclude(JsonInclude.Include.ALWAYS) String error) {

    record Collected(
            AppId appId,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<ReleaseId> deletedReleases) {}

    static GarbageCollection of(AppId app, List<ReleaseId> releases) {
        return new GarbageCollection(new Collected(app, releases), "");
    }
}
