package dev.flynn.configurator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentTest {

    private static final JsonNode DOCUMENT =
            Json.parse("{\"http\": {\"server\": [{\"listen\": 80}, 2], \"a/b\": true}, \"user\": \"nobody\"}");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/http/server/0  | {\"listen\":80}",
                "/http/server/1/ | [2]",
                "/user           | [\"nobody\"]",
                "/http/a%2Fb     | [true]",
            })
    void whatIsThereIsShownAndScalarsAreWrapped(String path, String shown) {
        assertThat(Document.shown(Document.get(DOCUMENT, ConfigPath.parse(path)))
                        .toString())
                .isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST   | /http          | {\"x\":1}  | {\"http\":{\"server\":[{\"listen\":80},2],\"a/b\":true,\"x\":1},\"user\":\"nobody\"}",
                "POST   | /              | {\"user\":\"me\"} | {\"http\":{\"server\":[{\"listen\":80},2],\"a/b\":true},\"user\":\"me\"}",
                "POST   | /http/server   | [3]        | {\"http\":{\"server\":[{\"listen\":80},2,[3]],\"a/b\":true},\"user\":\"nobody\"}",
                "PUT    | /http          | null       | {\"http\":null,\"user\":\"nobody\"}",
                "PUT    | /http/server/0 | 1          | {\"http\":{\"server\":[1,2],\"a/b\":true},\"user\":\"nobody\"}",
                "PUT    | /              | {}         | {}",
                "DELETE | /http/server/0 | -          | {\"http\":{\"server\":[2],\"a/b\":true},\"user\":\"nobody\"}",
                "DELETE | /http          | -          | {\"user\":\"nobody\"}",
            })
    void aChangeGivesANewDocument(String verb, String path, String value, String changed) {
        String before = DOCUMENT.toString();

        assertThat(change(verb, path, value).toString()).isEqualTo(changed);

        assertThat(DOCUMENT.toString()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "POST   | /user          | {\"x\":1} | 405",
                "POST   | /http          | 1         | 405",
                "POST   | /missing       | {}        | 404",
                "PUT    | /missing/x     | 1         | 404",
                "PUT    | /http/server/2 | 1         | 404",
                "PUT    | /user/x        | 1         | 404",
                "PUT    | /              | 1         | 400",
                "DELETE | /missing       | -         | 404",
                "DELETE | /http/server/01| -         | 404",
                "DELETE | /              | -         | 405",
                "PUT    | /%zz           | 1         | 400",
            })
    void aChangeThatCannotBeMadeIsRefused(String verb, String path, String value, int status) {
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> change(verb, path, value))
                .satisfies(refusal -> assertThat(refusal.status()).isEqualTo(status));
    }

    @Test
    void aDocumentWithAKeyTwiceOrSomethingBehindItIsNone() {
        for (String text : new String[] {"{\"a\":1,\"a\":2}", "{} {}", "", "{\"a\":", "[".repeat(200)}) {
            assertThatExceptionOfType(Refusal.class).as(text).isThrownBy(() -> Json.parse(text));
        }
    }

    private static JsonNode change(String verb, String path, String value) {
        ConfigPath place = ConfigPath.parse(path);
        return switch (verb) {
            case "POST" -> Document.post(DOCUMENT, place, Json.parse(value));
            case "PUT" -> Document.put(DOCUMENT, place, Json.parse(value));
            default -> Document.delete(DOCUMENT, place);
        };
    }
}
