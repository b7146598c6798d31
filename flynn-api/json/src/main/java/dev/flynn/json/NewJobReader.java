package dev.flynn.json;

import com.fasterxml.jackson.databind.util.StdConverter;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.ArtifactId;
import dev.flynn.api.id.ReleaseId;
import dev.flynn.api.job.NewJob;
import dev.flynn.api.job.Priority;
import dev.flynn.api.release.ResourceLimit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads what runs a job in the forms of 2015 and of 2021: the first of {@code artifacts}, and {@code args} for {@code cmd}. */
final class NewJobReader extends StdConverter<NewJobReader.Wire, NewJob> {

    @Override
    public NewJob convert(Wire wire) {
        boolean argsOnly = wire.cmd().isEmpty() && wire.entrypoint().isEmpty();
        return new NewJob(
                wire.release().filter(id -> !id.isEmpty()).map(ReleaseId::of),
                wire.artifact()
                        .filter(id -> !id.isEmpty())
                        .or(() -> wire.artifacts().stream().findFirst())
                        .map(ArtifactId::of),
                wire.releaseEnv(),
                argsOnly ? wire.args() : wire.cmd(),
                wire.entrypoint(),
                wire.env(),
                wire.meta(),
                wire.tty(),
                wire.ttyColumns(),
                wire.ttyLines(),
                wire.disableLog(),
                wire.resources(),
                wire.data(),
                wire.partition().filter(name -> !name.isEmpty()).map(NewJobReader::partition));
    }

    private static Priority partition(String name) {
        try {
            return Priority.ofWireName(name);
        } catch (FlynnException unknown) {
            throw FlynnException.invalidField(
                    "partition", "\"%s\" is none of system, user, background".formatted(name));
        }
    }

    record Wire(
            Optional<String> release,
            Optional<String> artifact,
            List<String> artifacts,
            boolean releaseEnv,
            List<String> cmd,
            List<String> entrypoint,
            List<String> args,
            Map<String, String> env,
            Map<String, String> meta,
            boolean tty,
            int ttyColumns,
            int ttyLines,
            boolean disableLog,
            Map<String, ResourceLimit> resources,
            boolean data,
            Optional<String> partition) {}
}
