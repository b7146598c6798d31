package dev.flynn.distro.hosts;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.link.admin.HostAdmin;
import dev.flynn.link.admin.HostInfo;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

/** Who is there. */
@Command(
        name = "list",
        description = "Lists the hosts of the cluster: where they are, what they do for its store, and how they are.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        footer = {"", "Example: flynn-host list"})
public final class ListCommand extends HostCommand {

    @Override
    void run(HostAdmin admin) {
        List<HostInfo> hosts = admin.list();
        if (hosts.isEmpty()) {
            throw new FlynnException(ErrorCode.OBJECT_NOT_FOUND, "no hosts found");
        }
        if (wantsJson()) {
            printJson(hosts.stream().map(ListCommand::fields).toList());
            return;
        }
        var table = new Columns("ID", "ADDR", "RAFT STATUS", "STATE", "JOBS");
        hosts.forEach(host -> table.add(
                host.id(),
                host.addr().isEmpty() ? "-" : host.addr(),
                raftStatus(host),
                host.state(),
                String.valueOf(host.jobs())));
        table.print(out());
    }

    private static String raftStatus(HostInfo host) {
        return switch (host.storeRole()) {
            case LEADER -> "peer (leader)";
            case VOTER -> "peer";
            case LISTENER -> "proxy";
            case NONE -> "-";
        };
    }

    private static Map<String, Object> fields(HostInfo host) {
        return Map.of(
                "id",
                host.id(),
                "addr",
                host.addr(),
                "raft_status",
                raftStatus(host),
                "state",
                host.state(),
                "draining",
                host.draining(),
                "full",
                host.full(),
                "jobs",
                host.jobs(),
                "tags",
                host.tags());
    }
}
