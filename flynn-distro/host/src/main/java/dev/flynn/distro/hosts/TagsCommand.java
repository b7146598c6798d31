package dev.flynn.distro.hosts;

import static java.util.stream.Collectors.joining;

import dev.flynn.link.admin.HostAdmin;
import dev.flynn.link.admin.HostInfo;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** What hosts are told apart by. */
@Command(
        name = "tags",
        description = "Lists the tags of all hosts. Jobs that want tags start only on hosts that have them.",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        subcommands = {TagsCommand.Set.class, TagsCommand.Del.class},
        footer = {"", "Example: flynn-host tags set host1 disk=ssd"})
public final class TagsCommand extends HostCommand {

    @Override
    void run(HostAdmin admin) {
        List<HostInfo> hosts = admin.list();
        if (wantsJson()) {
            Map<String, Object> tags = new HashMap<>();
            hosts.forEach(host -> tags.put(host.id(), host.tags()));
            printJson(tags);
            return;
        }
        var table = new Columns("HOST", "TAGS");
        hosts.forEach(host -> table.add(
                host.id(),
                new TreeMap<>(host.tags())
                        .entrySet().stream()
                                .map(tag -> tag.getKey() + "=" + tag.getValue())
                                .collect(joining(" "))));
        table.print(out());
    }

    /** A tag as it is written: a name alone is true, and one with nothing behind the sign is deleted. */
    static Map.Entry<String, String> parse(String text) {
        int sign = text.indexOf('=');
        return sign < 0 ? Map.entry(text, "true") : Map.entry(text.substring(0, sign), text.substring(sign + 1));
    }

    /** Sets tags. */
    @Command(
            name = "set",
            description = "Sets tags of a host. Jobs that run there stay.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {"", "Example: flynn-host tags set host1 disk=ssd zone=a"})
    static final class Set extends HostCommand {

        @Parameters(index = "0", paramLabel = "HOST", description = "As 'flynn-host list' has it.")
        private String host = "";

        @Parameters(
                index = "1..*",
                arity = "1..*",
                paramLabel = "NAME=VALUE",
                description = "NAME alone is true; NAME= deletes.")
        private List<String> tags = List.of();

        @Override
        void run(HostAdmin admin) {
            Map<String, String> changes = new HashMap<>();
            tags.stream().map(TagsCommand::parse).forEach(tag -> changes.put(tag.getKey(), tag.getValue()));
            admin.setTags(host, changes);
        }
    }

    /** Deletes tags. */
    @Command(
            name = "del",
            description = "Deletes tags of a host.",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            footer = {"", "Example: flynn-host tags del host1 disk"})
    static final class Del extends HostCommand {

        @Parameters(index = "0", paramLabel = "HOST", description = "As 'flynn-host list' has it.")
        private String host = "";

        @Parameters(index = "1..*", arity = "1..*", paramLabel = "NAME", description = "A tag that the host has.")
        private List<String> names = List.of();

        @Override
        void run(HostAdmin admin) {
            Map<String, String> changes = new HashMap<>();
            names.forEach(name -> changes.put(name, ""));
            admin.setTags(host, changes);
        }
    }
}
