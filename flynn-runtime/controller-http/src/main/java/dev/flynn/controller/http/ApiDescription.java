package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.json.FlynnJson;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Parameter;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;

/**
 * The API's description in the form of OpenAPI 3.1, made from the endpoints: paths and parameters from their annotations,
 * objects from what their JSON is written with.
 */
final class ApiDescription {

    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private final ObjectNode document = NODES.objectNode();
    private final ObjectNode paths;
    private final JsonSchemas schemas;

    private ApiDescription(FlynnJson json) {
        document.put("openapi", "3.1.0");
        document.putObject("info")
                .put("title", "Flynn controller")
                .put("version", ClusterEndpoint.VERSION)
                .put(
                        "description",
                        "Apps and what they run. Every success is 200; a missing object is a 404 with an empty body. "
                                + "Fields that are not described here may be added, and unknown ones in requests are ignored.");
        document.putArray("security").addObject().putArray("key");
        paths = document.putObject("paths");
        ObjectNode components = document.putObject("components");
        components
                .putObject("securitySchemes")
                .putObject("key")
                .put("type", "http")
                .put("scheme", "basic")
                .put("description", "The password is a key of the cluster; the user does not matter.");
        schemas = new JsonSchemas(json, components.putObject("schemas"));
    }

    static ObjectNode of(Collection<?> endpoints, FlynnJson json) {
        var description = new ApiDescription(json);
        description.addPing();
        endpoints.stream()
                .flatMap(endpoint -> Arrays.stream(endpoint.getClass().getMethods()))
                .filter(method -> PathTable.httpMethod(method).isPresent())
                .sorted(Comparator.comparing(ApiDescription::path)
                        .thenComparing(method -> PathTable.httpMethod(method).orElseThrow()))
                .forEach(description::add);
        return description.document;
    }

    private void addPing() {
        ObjectNode operation = paths.putObject("/ping").putObject("get");
        operation.put("operationId", "ping").put("summary", "Answers while the controller runs.");
        operation.putArray("security");
        operation.putObject("responses").putObject("200").put("description", "It runs.");
    }

    private static String path(Method method) {
        return "/" + method.getAnnotation(Path.class).value();
    }

    private void add(Method method) {
        Told told = method.getAnnotation(Told.class);
        if (told == null) {
            throw new IllegalStateException(method + " does not tell what it does");
        }
        String tag = method.getDeclaringClass()
                .getSimpleName()
                .replace("Endpoint", "")
                .toLowerCase(Locale.ROOT);
        ObjectNode operation = paths.withObject(
                        "/" + path(method).replace("~", "~0").replace("/", "~1"))
                .putObject(PathTable.httpMethod(method).orElseThrow().toLowerCase(Locale.ROOT));
        operation.putArray("tags").add(tag);
        operation.put("operationId", tag + "." + method.getName());
        operation.put("summary", told.value());
        addParameters(operation, method);
        if (told.takes().isEmpty()) {
            body(method, told)
                    .ifPresent(schema ->
                            addBody(operation, MediaType.APPLICATION_JSON).set("schema", schema));
        } else {
            addBody(operation, told.takes());
        }
        addResponses(operation, method, told);
    }

    private static ObjectNode addBody(ObjectNode operation, String media) {
        ObjectNode body = operation.putObject("requestBody").put("required", true);
        return body.putObject("content").putObject(media);
    }

    private void addParameters(ObjectNode operation, Method method) {
        for (Parameter parameter : method.getParameters()) {
            if (parameter.isAnnotationPresent(BeanParam.class)) {
                for (Field field : parameter.getType().getDeclaredFields()) {
                    addParameter(operation, field);
                }
            } else {
                addParameter(operation, parameter);
            }
        }
    }

    private static void addParameter(ObjectNode operation, AnnotatedElement element) {
        PathParam path = element.getAnnotation(PathParam.class);
        QueryParam query = element.getAnnotation(QueryParam.class);
        HeaderParam header = element.getAnnotation(HeaderParam.class);
        if (path != null) {
            addParameter(operation, "path", path.value());
        } else if (query != null) {
            addParameter(operation, "query", query.value());
        } else if (header != null && !header.value().equals("Accept")) {
            // what Accept may be is said by the media types of the answer
            addParameter(operation, "header", header.value());
        }
    }

    private static void addParameter(ObjectNode operation, String place, String name) {
        ObjectNode parameter = operation.withArray("parameters").addObject();
        parameter.put("name", name).put("in", place).put("required", place.equals("path"));
        parameter.putObject("schema").put("type", "string");
    }

    private Optional<ObjectNode> body(Method method, Told told) {
        if (told.body() != Void.class) {
            return Optional.of(schemas.of(told.body()));
        }
        return Arrays.stream(method.getParameters())
                .filter(parameter -> parameter.getAnnotations().length == 0)
                .map(parameter -> JsonNode.class.isAssignableFrom(parameter.getType())
                        ? NODES.objectNode().put("type", "object")
                        : schemas.of(parameter.getType()))
                .findFirst();
    }

    private void addResponses(ObjectNode operation, Method method, Told told) {
        ObjectNode responses = operation.putObject("responses");
        ObjectNode success = responses.putObject("200");
        success.put("description", "Done.");
        answer(method, told)
                .ifPresent(schema -> success.withObject("/content")
                        .putObject(MediaType.APPLICATION_JSON)
                        .set("schema", schema));
        for (String media : told.media()) {
            success.withObject("/content").putObject(media);
        }
        responses.putObject("401").put("description", "The key is not valid; the body is empty.");
        responses
                .putObject("404")
                .put("description", "Something that the request names does not exist; the body is empty.");
        ObjectNode failure = responses.putObject("default").put("description", "It failed.");
        failure.putObject("content").putObject(MediaType.APPLICATION_JSON).set("schema", anyOf(told.failure()));
    }

    private Optional<ObjectNode> answer(Method method, Told told) {
        if (told.answer().length > 0) {
            ObjectNode element = anyOf(told.answer());
            return Optional.of(told.list() ? schemas.listOf(element) : element);
        }
        Class<?> result = method.getReturnType();
        if (result == void.class || result == Response.class) {
            return Optional.empty();
        }
        return Optional.of(
                Collection.class.isAssignableFrom(result)
                        ? schemas.listOf(schemas.of(element(method.getGenericReturnType())))
                        : schemas.of(result));
    }

    private ObjectNode anyOf(Class<?>... types) {
        if (types.length == 1) {
            return schemas.of(types[0]);
        }
        ObjectNode either = NODES.objectNode();
        for (Class<?> type : types) {
            either.withArray("anyOf").add(schemas.of(type));
        }
        return either;
    }

    private static Class<?> element(Type list) {
        return (Class<?>) ((ParameterizedType) list).getActualTypeArguments()[0];
    }
}
