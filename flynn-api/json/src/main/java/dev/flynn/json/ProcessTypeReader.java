package dev.flynn.json;

import com.fasterxml.jackson.databind.util.StdConverter;
import dev.flynn.api.release.Port;
import dev.flynn.api.release.ProcessType;
import dev.flynn.api.release.ResourceLimit;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads a process type in the forms of 2015 and of 2021: {@code args} is a whole command line, and a volume at {@code /data}
 * means {@code data}.
 */
final class ProcessTypeReader extends StdConverter<ProcessTypeReader.Wire, ProcessType> {

    private static final String DATA_PATH = "/data";

    @Override
    public ProcessType convert(Wire wire) {
        boolean argsOnly = wire.cmd().isEmpty() && wire.entrypoint().isEmpty();
        return new ProcessType(
                wire.cmd(),
                argsOnly ? wire.args() : wire.entrypoint(),
                wire.env(),
                wire.ports(),
                wire.data() || wire.volumes().stream().anyMatch(volume -> DATA_PATH.equals(volume.path())),
                wire.omni(),
                wire.hostNetwork(),
                wire.service().filter(service -> !service.isEmpty()),
                wire.resurrect(),
                wire.resources());
    }

    record Wire(
            List<String> cmd,
            List<String> entrypoint,
            List<String> args,
            Map<String, String> env,
            List<Port> ports,
            boolean data,
            List<Volume> volumes,
            boolean omni,
            boolean hostNetwork,
            Optional<String> service,
            boolean resurrect,
            Map<String, ResourceLimit> resources) {}

    record Volume(String path) {}
}
