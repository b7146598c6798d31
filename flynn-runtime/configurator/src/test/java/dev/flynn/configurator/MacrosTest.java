package dev.flynn.configurator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MacrosTest {

    private static final MacroSource SOURCE = new MacroSource() {

        private final Map<String, String> values = Map.of("limits/body", "10m", "cert", "PEM");

        @Override
        public Optional<String> value(String path) {
            return Optional.ofNullable(values.get(path));
        }

        @Override
        public List<String> keys(String path) {
            return path.equals("limits") ? List.of("body", "rate") : List.of();
        }

        @Override
        public Optional<String> environment(String name) {
            return name.equals("REGION") ? Optional.of("eu") : Optional.empty();
        }

        @Override
        public List<String> service(String name) {
            return name.equals("web") ? List.of("10.0.0.2:80", "10.0.0.1:80") : List.of();
        }

        @Override
        public Path file(String path, String content) {
            return Path.of("/files", path + "-" + content);
        }
    };

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'$value':'limits/body'}                        | '10m'",
                "{'$value':'nothing','default':7}                | 7",
                "{'$value':{'$if':true,'then':'limits/body'}}    | '10m'",
                "{'$file':'cert'}                                | '/files/cert-PEM'",
                "{'$file':'nothing','default':'x'}               | '/files/nothing-x'",
                "{'$keys':'limits'}                              | ['body','rate']",
                "{'$keys':'nothing'}                             | []",
                "{'$environ':'REGION'}                           | 'eu'",
                "{'$environ':'NONE','default':null}              | null",
                "{'$service':'web'}                              | '10.0.0.2:80'",
                "{'$service':'none','default':'127.0.0.1:1'}     | '127.0.0.1:1'",
                "{'$services':'web'}                             | ['10.0.0.2:80','10.0.0.1:80']",
                "{'$services':'none','default':['x']}            | ['x']",
                "{'$eq':[{'$environ':'REGION'},'eu']}            | true",
                "{'$eq':['80',80]}                               | true",
                "{'$ne':[[1],[2]]}                               | true",
                "{'$if':{'$services':'web'},'then':1,'else':2}   | 1",
                "{'$if':{'$services':'none'},'then':1,'else':2}  | 2",
                "{'$if':'','then':1,'else':2}                    | 2",
                "{'a':{'$if':false,'then':1},'b':[{'$if':0,'then':1}]} | {'b':[]}",
                "{'$set':{'x':{'y':[5]}},'in':{'z':{'$ref':'x.y.0'}}}  | {'z':5}",
                "{'$ref':'x','default':3}                        | 3",
                "{'$for':'s','in':{'$services':'web'},'loop':{'server':{'$ref':'s'}}} | [{'server':'10.0.0.2:80'},{'server':'10.0.0.1:80'}]",
                "{'$for':'e','in':{'a':1},'loop':[{'$ref':'e.key'},{'$ref':'e.value'}]} | [['a',1]]",
                "{'$for':'s','in':[],'loop':1,'else':'none'}     | 'none'",
                "{'$for':'s','in':[1,2],'loop':{'$if':{'$eq':[{'$ref':'s'},2]},'then':{'$ref':'s'}}} | [2]",
                "{'proxy_set_header':'Host $host','$host':1}     | {'proxy_set_header':'Host $host','$host':1}",
            },
            quoteCharacter = '~')
    void comesTo(String document, String expanded) {
        assertThat(Macros.expand(json(document), SOURCE)).isEqualTo(json(expanded));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'$value':'nothing'}                | there is no \"nothing\", and no default",
                "{'$file':'nothing'}                 | \"$file\"",
                "{'$value':1}                        | takes a text, not 1",
                "{'$value':'x','defualt':1}          | has no \"defualt\"",
                "{'$eq':[1]}                         | \"$eq\" compares the two values of an array",
                "{'$for':'x','in':1,'loop':1}        | \"$for\"",
                "{'$for':'x','in':[1]}               | \"$for\"",
                "{'$ref':'x'}                        | there is no \"x\" here",
                "{'$set':1,'in':1}                   | \"$set\"",
            },
            quoteCharacter = '~')
    void aMacroThatIsWrongIsNamed(String document, String problem) {
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> Macros.expand(json(document), SOURCE))
                .withMessageContaining(problem);
    }

    @Test
    void loopsInLoopsDoNotGrowWithoutBounds() {
        String bomb = "1";
        for (int i = 0; i < 8; i++) {
            bomb = "{'$for':'x','in':[1,2,3,4,5,6,7,8,9,10],'loop':" + bomb + "}";
        }
        String tooMuch = bomb;
        assertThatExceptionOfType(Refusal.class)
                .isThrownBy(() -> Macros.expand(json(tooMuch), SOURCE))
                .withMessageContaining("too large");
    }

    private static com.fasterxml.jackson.databind.JsonNode json(String text) {
        return Json.parse(text.replace('\'', '"'));
    }
}
