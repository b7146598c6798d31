package dev.flynn.controller.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonRawValue;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.ser.PropertyWriter;
import dev.flynn.api.access.Scope;
import dev.flynn.api.id.Id;
import dev.flynn.api.id.JobId;
import dev.flynn.json.FlynnJson;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Schemas of the JSON that values are written as, taken from their serializers: what these write and what the schemas say
 * cannot come apart. Records become components under their name.
 */
final class JsonSchemas {

    private final ObjectMapper mapper;
    private final ObjectNode components;
    private final Map<String, Class<?>> names = new HashMap<>();

    /** @param components receives the schemas of records */
    JsonSchemas(FlynnJson json, ObjectNode components) {
        this.mapper = json.copyMapper();
        this.components = components;
    }

    ObjectNode of(Class<?> type) {
        return of(mapper.constructType(type));
    }

    ObjectNode of(JavaType type) {
        Class<?> raw = type.getRawClass();
        if (type.isReferenceType()) {
            return of(type.getReferencedType());
        }
        if (type.isMapLikeType()) {
            ObjectNode map = ofType("object");
            map.set("additionalProperties", of(type.getContentType()));
            return map;
        }
        if (type.isCollectionLikeType()) {
            return listOf(of(type.getContentType()));
        }
        if (raw.isEnum()) {
            return ofEnum(raw);
        }
        return simple(raw).orElseGet(() -> raw.isRecord() ? component(type) : mapper.createObjectNode());
    }

    ObjectNode listOf(ObjectNode elements) {
        ObjectNode list = ofType("array");
        list.set("items", elements);
        return list;
    }

    private Optional<ObjectNode> simple(Class<?> raw) {
        if (raw == boolean.class || raw == Boolean.class) {
            return Optional.of(ofType("boolean"));
        }
        if (raw == int.class || raw == Integer.class || raw == OptionalInt.class) {
            return Optional.of(ofType("integer").put("format", "int32"));
        }
        if (raw == long.class || raw == Long.class || raw == OptionalLong.class) {
            return Optional.of(ofType("integer").put("format", "int64"));
        }
        if (raw == Duration.class) {
            return Optional.of(ofType("integer").put("format", "int64").put("description", "in nanoseconds"));
        }
        if (raw == Instant.class) {
            return Optional.of(ofType("string").put("format", "date-time"));
        }
        if (Id.class.isAssignableFrom(raw)) {
            return Optional.of(ofType("string").put("format", "uuid"));
        }
        boolean isText = raw == String.class || raw == JobId.class || raw == Scope.class;
        return isText ? Optional.of(ofType("string")) : Optional.empty();
    }

    private ObjectNode ofEnum(Class<?> type) {
        ObjectNode schema = ofType("string");
        ArrayNode values = schema.putArray("enum");
        for (Object constant : type.getEnumConstants()) {
            values.add(mapper.<JsonNode>valueToTree(constant));
        }
        return schema;
    }

    /** A nested type whose own name is taken has that of the type around it before its own. */
    private ObjectNode component(JavaType type) {
        Class<?> raw = type.getRawClass();
        Class<?> namesake = names.getOrDefault(raw.getSimpleName(), raw);
        boolean isNamesake = namesake != raw && raw.getEnclosingClass() != null;
        String name = isNamesake ? raw.getEnclosingClass().getSimpleName() + raw.getSimpleName() : raw.getSimpleName();
        Class<?> known = names.putIfAbsent(name, raw);
        if (known != null && known != raw) {
            throw new IllegalStateException("%s and %s have one name in the API's description".formatted(known, raw));
        }
        if (known == null) {
            components.set(name, mapper.createObjectNode());
            components.set(name, object(type));
        }
        return mapper.createObjectNode().put("$ref", "#/components/schemas/" + name);
    }

    private ObjectNode object(JavaType type) {
        ObjectNode schema = ofType("object");
        ObjectNode properties = schema.putObject("properties");
        ArrayNode required = mapper.createArrayNode();
        Optional<JsonInclude> ofClass = Optional.ofNullable(mapper.getSerializationConfig()
                .introspect(type)
                .getClassAnnotations()
                .get(JsonInclude.class));
        for (Iterator<PropertyWriter> writers = writers(type); writers.hasNext(); ) {
            PropertyWriter property = writers.next();
            boolean always = isAlways(property, ofClass);
            ObjectNode own = property.getAnnotation(JsonRawValue.class) == null
                    ? of(property.getType())
                    : mapper.createObjectNode();
            properties.set(property.getName(), always && mayBeAbsent(property.getType()) ? orNull(own) : own);
            if (always || isNeverEmpty(property.getType())) {
                required.add(property.getName());
            }
        }
        if (!required.isEmpty()) {
            schema.set("required", required);
        }
        return schema;
    }

    private Iterator<PropertyWriter> writers(JavaType type) {
        try {
            return mapper.getSerializerProviderInstance()
                    .findValueSerializer(type)
                    .properties();
        } catch (JsonMappingException e) {
            throw new IllegalStateException("no serializer for " + type, e);
        }
    }

    private static boolean isAlways(PropertyWriter property, Optional<JsonInclude> ofClass) {
        JsonInclude own = property.getAnnotation(JsonInclude.class);
        JsonInclude.Include include =
                own != null ? own.value() : ofClass.map(JsonInclude::value).orElse(JsonInclude.Include.NON_DEFAULT);
        return include == JsonInclude.Include.ALWAYS
                || (include == JsonInclude.Include.NON_ABSENT && !mayBeAbsent(property.getType()));
    }

    private static boolean mayBeAbsent(JavaType type) {
        Class<?> raw = type.getRawClass();
        return raw == Optional.class || raw == OptionalInt.class || raw == OptionalLong.class;
    }

    /** No value of these types is taken for an empty one, which would be left out. */
    private static boolean isNeverEmpty(JavaType type) {
        Class<?> raw = type.getRawClass();
        return raw == Instant.class || raw == JobId.class || raw.isEnum() || Id.class.isAssignableFrom(raw);
    }

    private ObjectNode orNull(ObjectNode schema) {
        ObjectNode either = mapper.createObjectNode();
        either.putArray("anyOf").add(schema).add(ofType("null"));
        return either;
    }

    private ObjectNode ofType(String type) {
        return mapper.createObjectNode().put("type", type);
    }
}
