package dev.flynn.bootstrap;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.api.app.App;
import dev.flynn.api.app.Strategy;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.release.Artifact;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.Release;
import dev.flynn.json.FlynnJson;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An app as a step describes it: with its ids made up and its templates evaluated. */
record AppParts(App app, Artifact artifact, Release release, Map<String, Integer> processes) {

    AppParts {
        processes = Map.copyOf(processes);
    }

    /** Makes up what the step leaves open. */
    static AppParts of(Step step, Cluster cluster) {
        FlynnJson json = cluster.json();
        Instant now = cluster.state().clock().instant();
        if (!step.member("resources").isEmpty()) {
            throw FlynnException.unsupported("bootstrap: step \"%s\": a member \"resources\"".formatted(step.id()));
        }
        JsonNode givenArtifact = required(step, "artifact");
        var artifact = new Artifact(
                ArtifactId.random(),
                givenArtifact.path("type").asText(),
                givenArtifact.path("uri").asText(),
                now);
        App app = app(step, required(step, "app"), now);
        JsonNode givenRelease = required(step, "release");
        Map<String, ProcessType> types = new HashMap<>();
        givenRelease
                .path("processes")
                .properties()
                .forEach(type -> types.put(
                        type.getKey(),
                        evaluated(json.convert(type.getValue(), ProcessType.class), cluster.templates())));
        Map<String, String> env = new HashMap<>();
        givenRelease
                .path("env")
                .properties()
                .forEach(variable ->
                        env.put(variable.getKey(), variable.getValue().asText()));
        var release = new Release(
                ReleaseId.random(),
                Optional.of(app.id()),
                List.of(artifact.id()),
                evaluated(env, cluster.templates()),
                Map.of(),
                types,
                now);
        return new AppParts(app, artifact, release, counts(step, cluster));
    }

    private static JsonNode required(Step step, String member) {
        if (!step.member(member).isObject()) {
            throw FlynnException.invalid("bootstrap: step \"%s\" needs a member \"%s\"".formatted(step.id(), member));
        }
        return step.member(member);
    }

    private static App app(Step step, JsonNode given, Instant now) {
        Map<String, String> meta = new HashMap<>();
        given.path("meta")
                .properties()
                .forEach(entry -> meta.put(entry.getKey(), entry.getValue().asText()));
        String name = given.path("name").asText(step.id());
        var app = new App(
                AppId.random(),
                name,
                meta,
                Strategy.ALL_AT_ONCE,
                Optional.empty(),
                App.DEFAULT_DEPLOY_TIMEOUT,
                given.path("protected").asBoolean(),
                now,
                now);
        return withSettings(app, given);
    }

    /** The app with the strategy and the timeout that a step gives it. */
    static App withSettings(App app, JsonNode given) {
        return new App(
                app.id(),
                app.name(),
                app.meta(),
                given.has("strategy")
                        ? Strategy.ofWireName(given.get("strategy").asText())
                        : app.strategy(),
                app.release(),
                given.path("deploy_timeout").asInt(app.deployTimeout()),
                app.isProtected(),
                app.createdAt(),
                app.updatedAt());
    }

    private static ProcessType evaluated(ProcessType type, Template templates) {
        return type.withCmd(type.cmd().stream().map(templates::evaluate).toList())
                .withEnv(evaluated(type.env(), templates));
    }

    /** What becomes empty is not set at all. */
    private static Map<String, String> evaluated(Map<String, String> env, Template templates) {
        Map<String, String> result = new HashMap<>();
        env.forEach((name, value) -> result.put(name, templates.evaluate(value)));
        result.values().removeIf(String::isEmpty);
        return result;
    }

    /** How many jobs of each type a step wants, which is at most one each if there is one host for good. */
    static Map<String, Integer> counts(Step step, Cluster cluster) {
        Map<String, Integer> counts = new HashMap<>();
        for (Map.Entry<String, JsonNode> type : step.member("processes").properties()) {
            int count = type.getValue().asInt(-1);
            if (count < 0) {
                throw FlynnException.invalid("bootstrap: step \"%s\": the count of \"%s\" must be a number, was %s"
                        .formatted(step.id(), type.getKey(), type.getValue()));
            }
            counts.put(type.getKey(), cluster.isSingleton() ? Math.min(count, 1) : count);
        }
        return counts;
    }

    // ---- as results of steps

    JsonNode toTree(FlynnJson json) {
        ObjectNode tree = (ObjectNode) json.toTree(Map.of("app", app, "artifact", artifact, "release", release));
        tree.putObject("formation")
                .put("app", app.id().toString())
                .put("release", release.id().toString())
                .set("processes", json.toTree(processes));
        return tree;
    }

    static AppParts ofTree(JsonNode tree, FlynnJson json) {
        Map<String, Integer> processes = new HashMap<>();
        tree.path("formation")
                .path("processes")
                .properties()
                .forEach(type -> processes.put(type.getKey(), type.getValue().asInt()));
        return new AppParts(
                json.convert(tree.path("app"), App.class),
                json.convert(tree.path("artifact"), Artifact.class),
                json.convert(tree.path("release"), Release.class),
                processes);
    }

    /** The app of an earlier step. */
    static AppParts ofStep(Step step, String member, Cluster cluster) {
        String earlier = step.requiredText(member);
        return cluster.results()
                .find(earlier)
                .filter(result -> result.path("app").isObject())
                .map(result -> ofTree(result, cluster.json()))
                .orElseThrow(() -> FlynnException.invalid(
                        "bootstrap: step \"%s\": \"%s\" is no step that makes an app".formatted(step.id(), earlier)));
    }
}
