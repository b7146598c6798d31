package dev.flynn.distro;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What artifacts bring into the program of somebody who uses them is what docs/artifacts.md promises. */
class ClosuresTest {

    private static final Path ROOT = Path.of("").toAbsolutePath().getParent().getParent();
    private static final String OURS = "dev.flynn";

    /** {@code | `flynn-spi` | api | – |} */
    private static final Pattern ROW = Pattern.compile("^\\| `(flynn-[a-z-]+)` \\|.*\\|$", Pattern.MULTILINE);

    /** {@code    org.slf4j:slf4j-api:jar:2.0.20:compile …} as Maven lists what it resolved. */
    private static final Pattern DEPENDENCY = Pattern.compile("^\\s+([\\w.-]+):([\\w.-]+):jar:", Pattern.MULTILINE);

    @Test
    void everyArtifactBringsWhatIsDocumentedAndNothingElse() throws IOException {
        String documented = Files.readString(ROOT.resolve("docs/artifacts.md"));
        Map<String, Path> modules = modules();

        List<MatchResult> rows = ROW.matcher(documented).results().toList();

        assertThat(rows).hasSizeGreaterThan(15);
        for (MatchResult row : rows) {
            String artifact = row.group(1);
            assertThat(modules).as("an artifact of docs/artifacts.md").containsKey(artifact);
            assertThat(row.group()).isEqualTo(actualRow(artifact, modules.get(artifact)));
        }
    }

    private static String actualRow(String artifact, Path module) throws IOException {
        Path list = module.resolve("target/closure.txt");
        assertThat(list)
                .as("written when %s is packaged: mvn install", artifact)
                .exists();
        List<MatchResult> all =
                DEPENDENCY.matcher(Files.readString(list)).results().toList();
        String ours = names(all, OURS::equals).replace("flynn-", "");
        String others = names(all, group -> !group.equals(OURS));
        return "| `%s` | %s | %s |".formatted(artifact, ours, others);
    }

    private static String names(List<MatchResult> all, Predicate<String> group) {
        String names = all.stream()
                .filter(dependency -> group.test(dependency.group(1)))
                .map(dependency -> dependency.group(2))
                .distinct()
                .sorted()
                .collect(joining(", "));
        return names.isEmpty() ? "–" : names;
    }

    /** The folders of all modules by their artifacts. */
    private static Map<String, Path> modules() throws IOException {
        var artifact = Pattern.compile("</parent>.*?<artifactId>([^<]+)</artifactId>", Pattern.DOTALL);
        Map<String, Path> found = new TreeMap<>();
        for (String parent : new TreeSet<>(List.of("flynn-api", "flynn-runtime", "flynn-distro", "."))) {
            try (Stream<Path> folders = Files.list(ROOT.resolve(parent))) {
                for (Path pom : folders.map(folder -> folder.resolve("pom.xml"))
                        .filter(Files::isRegularFile)
                        .toList()) {
                    artifact.matcher(Files.readString(pom))
                            .results()
                            .findFirst()
                            .ifPresent(id -> found.put(id.group(1), pom.getParent()));
                }
            }
        }
        return found;
    }
}
