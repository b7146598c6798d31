package dev.flynn.json;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;

/**
 * Reads and writes the API types as the wire has them (contract: controller, JSON conventions): snake_case names, empty
 * values left out unless the contract says always, times in RFC 3339, unknown keys ignored. Thread-safe.
 */
public final class FlynnJson {

    /** The message of every syntax error, exactly as clients know it. */
    public static final String SYNTAX_ERROR = "The provided JSON input is invalid";

    /** Strings inside a document have at most 20 million characters, nesting at most 100 levels. */
    private static final StreamReadConstraints LIMITS =
            StreamReadConstraints.builder().maxNestingDepth(100).build();

    private final ObjectMapper mapper;

    public FlynnJson() {
        this.mapper = createMapper();
    }

    private static ObjectMapper createMapper() {
        ObjectMapper mapper = JsonMapper.builder()
                .addModule(new Jdk8Module())
                .addModule(new WireModule())
                .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
                .defaultPropertyInclusion(
                        JsonInclude.Value.construct(JsonInclude.Include.NON_DEFAULT, JsonInclude.Include.ALWAYS))
                .enable(MapperFeature.ACCEPT_CASE_INSENSITIVE_PROPERTIES)
                .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
                .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                .disable(SerializationFeature.WRITE_DATES_AS_TIMESTAMPS)
                .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                .build();
        mapper.coercionConfigFor(LogicalType.Textual)
                .setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
        mapper.getFactory().setStreamReadConstraints(LIMITS);
        for (Class<?> type : List.of(Map.class, List.class, String.class)) {
            mapper.configOverride(type).setSetterInfo(JsonSetter.Value.forValueNulls(Nulls.AS_EMPTY));
        }
        return mapper;
    }

    /** A mapper of the same configuration that the caller may change. */
    public ObjectMapper copyMapper() {
        return mapper.copy();
    }

    public String write(Object value) {
        try {
            return mapper.writeValueAsString(value);
        } catch (JsonProcessingException e) {
            throw FlynnException.internal("cannot write " + value.getClass().getSimpleName() + " as JSON", e);
        }
    }

    public byte[] writeBytes(Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JsonProcessingException e) {
            throw FlynnException.internal("cannot write " + value.getClass().getSimpleName() + " as JSON", e);
        }
    }

    /**
     * @throws FlynnException {@code SYNTAX} if the text is no JSON or has a value of the wrong type; what a value type
     *     itself refuses is thrown as it is
     */
    public <T> T read(String json, Class<T> type) {
        try {
            return mapper.readValue(json, type);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    public <T> List<T> readList(String json, Class<T> elementType) {
        try {
            JavaType list = mapper.getTypeFactory().constructCollectionType(List.class, elementType);
            return mapper.readValue(json, list);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    public <T> T read(InputStream json, Class<T> type) throws IOException {
        try {
            return mapper.readValue(json, type);
        } catch (JsonProcessingException e) {
            throw failure(e);
        }
    }

    public JsonNode readTree(String json) {
        try {
            return mapper.readTree(json);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    public <T> T convert(JsonNode tree, Class<T> type) {
        try {
            return mapper.treeToValue(tree, type);
        } catch (JsonProcessingException e) {
            throw failure(e);
        }
    }

    public JsonNode toTree(Object value) {
        return mapper.valueToTree(value);
    }

    private static FlynnException failure(IOException e) {
        if (e instanceof JsonMappingException mapping && mapping.getCause() instanceof FlynnException refused) {
            return refused;
        }
        return new FlynnException(ErrorCode.SYNTAX, SYNTAX_ERROR, e);
    }
}
