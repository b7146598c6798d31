package dev.flynn.client;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.AppId;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Which app it is, and nothing more. */
public record AppName(AppId id, String name) {

    public AppName {
        requireNonNull(id, "id");
        requireNonNull(name, "name");
    }

    /**
     * Reads these two fields of each app in a JSON array.
     *
     * @throws FlynnException {@code SYNTAX} if it is none, or an app lacks one of them
     */
    static List<AppName> readList(String json) {
        List<AppName> apps = new ArrayList<>();
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            require(parser.nextToken() == JsonToken.START_ARRAY);
            while (parser.nextToken() == JsonToken.START_OBJECT) {
                apps.add(read(parser));
            }
            require(parser.currentToken() == JsonToken.END_ARRAY && parser.nextToken() == null);
        } catch (IOException e) {
            throw syntaxError(e);
        }
        return List.copyOf(apps);
    }

    private static AppName read(JsonParser parser) throws IOException {
        String id = "";
        String name = "";
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String field = parser.currentName();
            boolean isText = parser.nextToken() == JsonToken.VALUE_STRING;
            if (isText && field.equals("id")) {
                id = parser.getText();
            } else if (isText && field.equals("name")) {
                name = parser.getText();
            } else {
                parser.skipChildren();
            }
        }
        require(!id.isEmpty() && !name.isEmpty());
        return new AppName(AppId.of(id), name);
    }

    private static void require(boolean isRight) {
        if (!isRight) {
            throw syntaxError(null);
        }
    }

    private static FlynnException syntaxError(@org.jspecify.annotations.Nullable IOException cause) {
        return new FlynnException(ErrorCode.SYNTAX, FlynnJson.SYNTAX_ERROR, cause);
    }
}
