package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ManPagesTest {

    @Test
    void aPageHasTheSectionsOfTheHelp() {
        String help = """
                usage: flynn thing [-y]
                       flynn thing add <x>

                Do a thing.

                .profile is left alone, and a \\ too.

                Options:
                  -y, --yes  do not ask
                """;

        assertThat(ManPages.page("flynn-thing", help)).isEqualTo("""
                .TH "FLYNN-THING" 1 "" "Flynn" "Flynn"
                .SH NAME
                flynn\\-thing \\- Do a thing
                .SH SYNOPSIS
                .nf
                flynn thing [\\-y]
                flynn thing add <x>
                .fi
                .SH DESCRIPTION
                .nf
                Do a thing.

                \\&.profile is left alone, and a \\e too.

                .fi
                .SH OPTIONS
                .nf
                \\-y, \\-\\-yes  do not ask
                .fi
                .SH SEE ALSO
                flynn(1), flynn help
                """);
    }

    @Test
    void everyCommandThatCanBeUsedHasOne(@TempDir Path directory) throws IOException {
        ManPages.write(directory);

        try (Stream<Path> files = Files.list(directory)) {
            List<String> pages =
                    files.map(file -> file.getFileName().toString()).toList();
            assertThat(pages)
                    .contains("flynn.1", "flynn-export.1", "flynn-cluster.1")
                    .hasSize(Commands.available().size() + 1);
        }
    }
}
