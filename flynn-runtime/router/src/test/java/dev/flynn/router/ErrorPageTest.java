package dev.flynn.router;

import static org.assertj.core.api.Assertions.assertThat;

import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the router's own answers look like, by what the client accepts. */
class ErrorPageTest {

    private static final Map<String, String> TYPES =
            Map.of("HTML", "text/html; charset=utf-8", "JSON", "application/json", "TEXT", "text/plain; charset=utf-8");

    @RegisterExtension
    final RouterFixture router = new RouterFixture();

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            HTML | text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8
            TEXT | */*
            TEXT | text/plain
            JSON | application/json
            JSON | application/json, text/plain, */*
            JSON | Application/JSON ; charset=utf-8
            JSON | text/html;q=0.4, application/json;q=0.5
            HTML | text/html;q=0.51, application/json; q=0.509
            TEXT | application/json;q=0
            TEXT | application/jsonp
            JSON | application/json;q=,text/html
            TEXT | ;;q=1,,
            """)
    void theFormIsTheOneThatIsPreferred(String form, String accept) throws IOException {
        HttpMessage answer = router.get("nobody", "/", "Accept: " + accept);

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.field("Content-Type")).contains(TYPES.get(form));
    }

    @Test
    void withoutAWordItIsALineOfText() throws IOException {
        assertThat(router.get("nobody", "/").text()).isEqualTo("Not Found\n");
    }

    @Test
    void inJsonItIsTheErrorObjectOfAllApis() throws IOException {
        router.route("app");

        HttpMessage answer = router.get("app", "/", "Accept: application/json");

        ErrorBody error = new FlynnJson().read(answer.text(), ErrorBody.class);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(error.code()).isEqualTo("service_unavailable");
        assertThat(error.message()).isNotEmpty();
        assertThat(error.retry()).isTrue();
    }

    @Test
    void theOperatorsPageTakesThePlaceOfTheRoutersOwn() throws IOException {
        String page = "<h1>Wir sind gleich zur\u00fcck</h1>";
        router.with(builder -> builder.unavailablePage(page.getBytes(StandardCharsets.UTF_8)))
                .route("app");

        for (String accept : new String[] {"text/html", "*/*"}) {
            HttpMessage answer = router.get("app", "/", "Accept: " + accept);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.field("Content-Type")).contains("text/html; charset=utf-8");
            assertThat(answer.text()).isEqualTo(page);
        }
        assertThat(router.get("app", "/", "Accept: application/json").text()).contains("service_unavailable");
        assertThat(router.get("nobody", "/").text()).isEqualTo("Not Found\n");
    }
}
