package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.controller.Written;
import dev.flynn.json.FlynnJson;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.MultivaluedMap;
import jakarta.ws.rs.ext.MessageBodyReader;
import jakarta.ws.rs.ext.MessageBodyWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.annotation.Annotation;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;

/** Bodies as JSON, whatever their {@code Content-Type} says (contract: controller, Requests). */
@Consumes(MediaType.WILDCARD)
@Produces(MediaType.WILDCARD)
final class JsonBodies implements MessageBodyReader<Object>, MessageBodyWriter<Object> {

    /** A request body is at most 1 MiB, so that its parts fit into the store. */
    static final int MAX_BYTES = 1 << 20;

    private final FlynnJson json;

    JsonBodies(FlynnJson json) {
        this.json = json;
    }

    @Override
    public boolean isReadable(Class<?> type, Type generic, Annotation[] annotations, MediaType mediaType) {
        return isJson(type);
    }

    @Override
    public Object readFrom(
            Class<Object> type,
            Type generic,
            Annotation[] annotations,
            MediaType mediaType,
            MultivaluedMap<String, String> headers,
            InputStream body)
            throws IOException {
        return read(bytes(body, saidLength(headers)), type);
    }

    /** The body, or one byte more than it may have. Most are as long as they are said to be, and nothing is set aside for more. */
    private static byte[] bytes(InputStream body, int said) throws IOException {
        byte[] bytes = body.readNBytes(said + 1);
        if (bytes.length <= said || said == MAX_BYTES) {
            return bytes;
        }
        byte[] rest = body.readNBytes(MAX_BYTES - said);
        byte[] all = Arrays.copyOf(bytes, bytes.length + rest.length);
        System.arraycopy(rest, 0, all, bytes.length, rest.length);
        return all;
    }

    private static int saidLength(MultivaluedMap<String, String> headers) {
        String said = headers.getFirst("Content-Length");
        try {
            return said == null ? MAX_BYTES : (int) Math.max(0, Math.min(MAX_BYTES, Long.parseLong(said)));
        } catch (NumberFormatException notANumber) {
            return MAX_BYTES;
        }
    }

    <T> T read(byte[] body, Class<T> type) {
        if (body.length > MAX_BYTES) {
            throw new FlynnException(
                    ErrorCode.REQUEST_BODY_TOO_BIG, "The request body is larger than %d bytes".formatted(MAX_BYTES));
        }
        if (body.length == 0) {
            throw FlynnException.internal("the request has no body", null);
        }
        return json.read(new String(body, StandardCharsets.UTF_8), type);
    }

    @Override
    public boolean isWriteable(Class<?> type, Type generic, Annotation[] annotations, MediaType mediaType) {
        return isJson(type) || Collection.class.isAssignableFrom(type);
    }

    @Override
    public void writeTo(
            Object value,
            Class<?> type,
            Type generic,
            Annotation[] annotations,
            MediaType mediaType,
            MultivaluedMap<String, Object> headers,
            OutputStream body)
            throws IOException {
        byte[] bytes = value instanceof Written<?> written
                ? written.json().getBytes(StandardCharsets.UTF_8)
                : json.writeBytes(value);
        headers.putSingle("Content-Type", MediaType.APPLICATION_JSON);
        headers.putSingle("Content-Length", bytes.length);
        body.write(bytes);
    }

    private static boolean isJson(Class<?> type) {
        return type.isRecord() || JsonNode.class.isAssignableFrom(type);
    }
}
