package dev.flynn.bootstrap;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {

    private final Template template = new Template(
            Map.of("CLUSTER_DOMAIN", "flynn.test"),
            step -> step.equals("controller-cert")
                    ? Optional.of(JsonNodeFactory.instance
                            .objectNode()
                            .put("ca_cert", "CA")
                            .put("pin", "PIN")
                            .put("key", "KEY")
                            .set("app", JsonNodeFactory.instance.objectNode().put("id", "7")))
                    : Optional.empty(),
            field -> field.equals("Singleton") ? Optional.of("true") : Optional.empty(),
            list -> list.equals("SortedHostIPs") ? Optional.of(List.of("10.0.0.1", "10.0.0.2")) : Optional.empty());

    @Test
    void plainTextStaysAsItIs() {
        assertThat(template.evaluate("no { template } here")).isEqualTo("no { template } here");
    }

    @Test
    void theEnvironmentIsInserted() {
        assertThat(template.evaluate("*.{{ getenv \"CLUSTER_DOMAIN\" }}")).isEqualTo("*.flynn.test");
        assertThat(template.evaluate("[{{getenv \"UNSET\"}}]")).isEqualTo("[]");
    }

    @Test
    void resultsOfStepsAreInserted() {
        assertThat(template.evaluate("{{ (index .StepData \"controller-cert\").CACert }}"))
                .isEqualTo("CA");
        assertThat(template.evaluate("{{ (index .StepData \"controller-cert\").PrivateKey }}"))
                .isEqualTo("KEY");
        assertThat(template.evaluate("-p {{ (index .StepData \"controller-cert\").Pin }}!"))
                .isEqualTo("-p PIN!");
        assertThat(template.evaluate("{{ (index .StepData \"controller-cert\").App.ID }}"))
                .isEqualTo("7");
    }

    @Test
    void fieldsAndLoopsAreInserted() {
        assertThat(template.evaluate("{{ .Singleton }}")).isEqualTo("true");
        assertThat(template.evaluate("{{ range $ip := .SortedHostIPs }}{{ $ip }}:1111,{{ end }}"))
                .isEqualTo("10.0.0.1:1111,10.0.0.2:1111,");
    }

    @Test
    void checksumsAreInserted() {
        assertThat(template.evaluate("{{ md5sum \"text\" }}")).isEqualTo("1cb251ec0d568de6a929b520c4aed8d1");
    }

    @Test
    void insertedTextIsNotATemplateAgain() {
        var nested = new Template(
                Map.of("A", "{{ getenv \"B\" }}", "B", "b"),
                step -> Optional.empty(),
                field -> Optional.empty(),
                list -> Optional.empty());

        assertThat(nested.evaluate("{{ getenv \"A\" }}")).isEqualTo("{{ getenv \"B\" }}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{{ (index .StepData \"nobody\").Data }}",
                "{{ (index .StepData \"controller-cert\").Nothing }}",
                "{{ .Unknown }}",
                "{{ $ip }}",
                "{{ printf \"x\" }}",
                "{{ getenv \"CLUSTER_DOMAIN\"",
                "ok {{ getenv \"CLUSTER_DOMAIN\" }} not {{ nonsense }}",
                "{{ range $ip := .Nobody }}x{{ end }}"
            })
    void whatCannotBeEvaluatedStaysAsItIs(String text) {
        assertThat(template.evaluate(text)).isEqualTo(text);
    }
}
