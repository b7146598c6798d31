package dev.flynn.distro;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.container.Partitions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What is said of the partitions of a host's jobs; options of {@code up} and {@code daemon}. */
final class PartitionOptions {

    @Option(
            names = "--partitions",
            paramLabel = "SHARES",
            description =
                    "How the platform's jobs, builds and the like, and apps share the processors while there is not enough for all, with --backend oci or docker (default: \"system=cpu_shares:4096 background=cpu_shares:4096 user=cpu_shares:8192\").")
    private @Nullable String partitions;

    /** @throws FlynnException {@code VALIDATION} naming what is wrong */
    Partitions partitions() {
        return partitions == null ? Partitions.DEFAULTS : Partitions.parse(partitions);
    }
}
