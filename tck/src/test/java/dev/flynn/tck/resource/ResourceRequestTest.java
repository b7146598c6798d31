package dev.flynn.tck.resource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.flynn.spi.resource.ResourceRequest;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResourceRequestTest {

    private static ResourceRequest with(Map<String, Object> config) {
        return new ResourceRequest("r-1", config);
    }

    @Test
    void settingsHaveTheirTypes() {
        ResourceRequest request = with(Map.of("charset", "utf8mb4", "size", 7, "strict", true));

        assertThat(request.text("charset")).contains("utf8mb4");
        assertThat(request.number("size", 1, 7)).contains(7L);
        assertThat(request.flag("strict")).contains(true);
        assertThat(request.text("collation")).isEmpty();
    }

    @Test
    void whatIsNullIsAbsent() {
        Map<String, Object> config = new HashMap<>();
        config.put("charset", null);

        assertThat(with(config).config()).isEmpty();
    }

    @Test
    void aWrongSettingIsNamedAndItsValueIsNot() {
        assertThatThrownBy(() -> with(Map.of("size", "s3cret")).number("size", 1, 7))
                .hasMessage("size must be a whole number from 1 to 7");
        assertThatThrownBy(() -> with(Map.of("size", 1.5)).number("size", 1, 7)).hasMessageContaining("whole number");
        assertThatThrownBy(() -> with(Map.of("size", 8)).number("size", 1, 7)).hasMessageContaining("was 8");
        assertThatThrownBy(() -> with(Map.of("b", "s3cret", "a", "s3cret")).requireOnly("size", "charset"))
                .hasMessage("a is not a setting of this provider, which has size, charset");
        assertThat(with(Map.of("password", "s3cret"))).asString().doesNotContain("s3cret");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a/b", "ä", "'"})
    void idsThatNeedEscapingAreRefused(String id) {
        assertThatThrownBy(() -> ResourceRequest.withDefaults(id)).hasMessageContaining("request id");
    }
}
