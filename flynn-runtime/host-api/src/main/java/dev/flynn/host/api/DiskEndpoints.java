package dev.flynn.host.api;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.flynn.api.error.FlynnException;
import dev.flynn.disk.DiskReport;
import dev.flynn.disk.HostDisk;
import dev.flynn.disk.Item;
import dev.flynn.json.FlynnJson;
import dev.flynn.json.Times;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who uses the disk of the host, and collecting what nobody needs; this implementation's own. */
final class DiskEndpoints {

    private final Optional<HostDisk> disk;
    private final FlynnJson json;

    DiskEndpoints(Optional<HostDisk> disk, FlynnJson json) {
        this.disk = disk;
        this.json = json;
    }

    /** @param action what follows {@code host/disk}, if anything */
    Answer answer(String method, Optional<String> action) {
        if (disk.isEmpty()) {
            return Answer.notFound();
        }
        return switch (method + action.map(name -> " " + name).orElse("")) {
            case "GET" -> report(disk.get());
            case "POST gc" ->
                Answer.json(json.writeBytes(
                        disk.get().collect().stream().map(ItemForm::of).toList()));
            default -> Answer.notFound();
        };
    }

    private record ItemForm(
            String what,
            String id,

            @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable
            String app,

            @JsonInclude(JsonInclude.Include.ALWAYS) long bytes) {

        static ItemForm of(Item item) {
            return new ItemForm(
                    item.shelf(),
                    item.id(),
                    item.app().map(app -> app.toString()).orElse(null),
                    item.bytes());
        }
    }

    private record UseForm(
            String what,
            @JsonInclude(JsonInclude.Include.ALWAYS) int count,
            @JsonInclude(JsonInclude.Include.ALWAYS) long bytes,
            @JsonInclude(JsonInclude.Include.ALWAYS) long freeableBytes) {}

    private record AppForm(
            String app,
            @JsonInclude(JsonInclude.Include.ALWAYS) String name,
            @JsonInclude(JsonInclude.Include.ALWAYS) Map<String, Long> bytes,
            @JsonInclude(JsonInclude.Include.ALWAYS) long totalBytes,
            String usedAt) {}

    private record ReportForm(
            String hostId,
            @JsonInclude(JsonInclude.Include.ALWAYS) long totalBytes,
            @JsonInclude(JsonInclude.Include.ALWAYS) long usableBytes,
            @JsonInclude(JsonInclude.Include.ALWAYS) long reserveBytes,
            @JsonInclude(JsonInclude.Include.ALWAYS) String refusing,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<UseForm> uses,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<AppForm> apps,
            @JsonInclude(JsonInclude.Include.ALWAYS) List<String> strays) {}

    private Answer report(HostDisk of) {
        try {
            DiskReport report = of.report();
            return Answer.json(json.writeBytes(new ReportForm(
                    report.hostId(),
                    report.totalBytes(),
                    report.usableBytes(),
                    report.reserveBytes(),
                    report.refusing(),
                    report.uses().stream()
                            .map(use -> new UseForm(use.what(), use.count(), use.bytes(), use.freeableBytes()))
                            .toList(),
                    report.apps().stream()
                            .map(app -> new AppForm(
                                    app.app(),
                                    app.name(),
                                    app.bytes(),
                                    app.totalBytes(),
                                    Times.formatNanos(app.usedAt())))
                            .toList(),
                    report.strays())));
        } catch (IOException e) {
            throw FlynnException.unavailable("cannot look through the disk: " + e.getMessage(), e);
        }
    }
}
