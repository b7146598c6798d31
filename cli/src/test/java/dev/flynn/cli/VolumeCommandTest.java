package dev.flynn.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VolumeCommandTest {

    private static final String ID = "9a1f6c1e-6f60-4c1e-9c43-ffb3a3a6b1f0";
    private static final String VOLUME =
            ("{\"id\":\"%s\",\"host_id\":\"host1\",\"type\":\"data\",\"state\":\"created\","
                    + "\"job\":\"host1-7b1c\",\"job_type\":\"db\",\"path\":\"/data\","
                    + "\"created_at\":\"2000-12-14T09:12:03Z\",\"updated_at\":\"2000-12-14T09:12:03Z\"%s}");

    @TempDir
    Path directory;

    @Test
    void theyAreListedShownAndTakenOutOfUse() {
        String decommissioned = ",\"decommissioned_at\":\"2015-12-14T09:12:03Z\"";
        try (Cli cli = new Cli(directory).withCluster()) {
            cli.answer("GET /apps/ledger/volumes", "[" + VOLUME.formatted(ID, "") + "]")
                    .answer("GET /apps/ledger/volumes/" + ID, VOLUME.formatted(ID, ""))
                    .answer("PUT /apps/ledger/volumes/" + ID + "/decommission", VOLUME.formatted(ID, decommissioned));

            assertThat(cli.run("-a", "ledger", "volume").out())
                    .matches("ID {36}HOST   STATE    ATTACHED JOB  CREATED {7}DECOMMISSIONED\n" + ID
                            + "  host1  created  host1-7b1c    \\d\\d years ago  \n");
            assertThat(cli.run("-a", "ledger", "volume", "show", ID).out())
                    .contains(
                            "ID:              " + ID + "\n",
                            "Job:             host1-7b1c\n",
                            "Path:            /data\n");
            assertThat(cli.run("-a", "ledger", "volume", "show", "--json", ID).out())
                    .startsWith("{\"id\":\"" + ID);
            assertThat(cli.run("-a", "ledger", "volume", "decommission", ID))
                    .isEqualTo(new Cli.Result(
                            0, "volume " + ID + " successfully decommissioned at 2015-12-14T09:12:03Z\n", ""));
        }
    }
}
