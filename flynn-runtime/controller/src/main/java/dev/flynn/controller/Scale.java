package dev.flynn.controller;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.id.ReleaseId;
import java.util.Map;
import java.util.Optional;

/**
 * The data of a {@code scale} event: a formation was put or deleted.
 *
 * @param processes null on the wire when nothing is wanted any more
 */
record Scale(
        Map<String, Integer> prevProcesses,
        @JsonInclude(JsonInclude.Include.ALWAYS) Optional<Map<String, Integer>> processes,
        ReleaseId release) {}
