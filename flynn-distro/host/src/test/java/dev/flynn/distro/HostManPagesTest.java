package dev.flynn.distro;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class HostManPagesTest {

    private final Map<String, String> pages = HostManPages.pages(Main.commandLine());

    @Test
    void everyCommandHasAPageAndSoHaveItsOwn() {
        assertThat(pages)
                .containsKeys(
                        "flynn-host",
                        "flynn-host-up",
                        "flynn-host-daemon",
                        "flynn-host-volume",
                        "flynn-host-volume-list")
                .doesNotContainKey("flynn-host-help");
    }

    @Test
    void aPageHasANameASynopsisAndWhatHelpSays() {
        assertThat(pages.get("flynn-host-up"))
                .startsWith(".TH \"FLYNN-HOST-UP\" 8 \"\" \"Flynn\" \"Flynn\"\n.SH NAME\nflynn\\-host\\-up \\- ")
                .contains("\n.SH SYNOPSIS\n.nf\nflynn\\-host up ", "\n.SH DESCRIPTION\n", "\\-\\-domain");
        assertThat(pages.values())
                .allSatisfy(page ->
                        assertThat(page).containsPattern("\\.SH NAME\\nflynn\\\\-host[^\\n]* \\\\- [^\\n]{5,}"));
    }

    @Test
    void noLineIsTakenForACommandOfTheFormatter() {
        pages.values()
                .forEach(page -> assertThat(page.lines().filter(line -> line.startsWith(".") || line.startsWith("'")))
                        .allMatch(line -> line.matches("\\.(TH|SH|nf|fi)( .*)?")));
    }
}
