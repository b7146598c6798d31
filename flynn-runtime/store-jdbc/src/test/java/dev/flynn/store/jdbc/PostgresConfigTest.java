package dev.flynn.store.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresConfigTest {

    private static final String URL = "jdbc:postgresql://db/flynn";

    @TempDir
    Path directory;

    @Test
    void settingsComeFromTheFactoryAndFromTheFile() throws IOException {
        Files.writeString(directory.resolve("postgres.properties"), "url=jdbc:postgresql://x/y\npassword=secret\n");

        assertThat(PostgresClusterStoreFactory.config(Map.of("url", URL, "history", "7"), directory))
                .isEqualTo(new PostgresConfig(URL, "flynn", "secret", "flynn", 7));
    }

    @Test
    void whatIsMissingOrWrongIsNamed() {
        assertThatThrownBy(() -> PostgresClusterStoreFactory.config(Map.of(), directory))
                .hasMessageContaining("url is missing");
        assertThatThrownBy(() -> PostgresClusterStoreFactory.config(Map.of("url", URL, "shema", "x"), directory))
                .hasMessageContaining("\"shema\"");
        assertThatThrownBy(() -> PostgresClusterStoreFactory.config(Map.of("url", URL, "history", "x"), directory))
                .hasMessageContaining("history");
        assertThatThrownBy(() -> new PostgresConfig("jdbc:mysql://x", "u", "p")).hasMessageContaining("url");
        assertThatThrownBy(() -> new PostgresConfig(URL, "u", "p").withSchema("a;drop"))
                .hasMessageContaining("schema");
        assertThatThrownBy(() -> new PostgresConfig(URL, "u", "p").withHistory(0))
                .hasMessageContaining("history");
    }

    @Test
    void noPasswordIsShown() {
        assertThat(new PostgresConfig(URL + "?password=secret1", "u", "secret2").toString())
                .doesNotContain("secret")
                .contains("//db/flynn");
    }
}
