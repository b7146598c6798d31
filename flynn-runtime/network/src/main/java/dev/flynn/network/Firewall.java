package dev.flynn.network;

import dev.flynn.api.error.FlynnException;
import java.io.IOException;
import java.util.List;

/**
 * The rules that jobs need, in chains of their own, so that they are replaced at once and removed exactly.
 *
 * <p>Jobs leave the cluster's network under their host's address, and speak to other hosts' jobs under their own. Packets of
 * jobs pass even where somebody else (Docker, a firewall) forwards nothing by default.
 */
final class Firewall {

    private final Commands commands;
    private final String bridge;
    private final String chain;

    Firewall(Commands commands, String bridge) {
        this.commands = commands;
        this.bridge = bridge;
        this.chain = "FLYNN-" + bridge;
    }

    /** Makes it so; rules that are as they should be are not touched. */
    void ensure(Ipv4Network network, Ipv4Network subnet) throws IOException {
        try {
            commands.run(List.of("iptables-restore", "-w", "--noflush"), rules(network, subnet));
            hook();
        } catch (IOException e) {
            throw FlynnException.unavailable(
                    "cannot set the firewall's rules for jobs; the kernel needs nat and conntrack: " + e.getMessage(),
                    e);
        }
    }

    /** Puts back what somebody has flushed; cheap if nobody has. */
    void check(Ipv4Network network, Ipv4Network subnet) throws IOException {
        String answer = commands.sh("if %s && %s; then echo whole; fi 2>/dev/null"
                .formatted(jump("nat", "-C", "POSTROUTING"), jump("filter", "-C", "FORWARD")));
        if (!answer.contains("whole")) {
            ensure(network, subnet);
        }
    }

    void remove() throws IOException {
        commands.sh("""
                while %s 2>/dev/null; do :; done
                while %s 2>/dev/null; do :; done
                for table in nat filter; do
                  if iptables -w -t $table -S %3$s >/dev/null 2>&1; then
                    iptables -w -t $table -F %3$s
                    iptables -w -t $table -X %3$s
                  fi
                done
                """.formatted(jump("nat", "-D", "POSTROUTING"), jump("filter", "-D", "FORWARD"), chain));
    }

    /** In the form of {@code iptables-restore}; naming a chain empties it, and all happens at once. */
    private String rules(Ipv4Network network, Ipv4Network subnet) {
        return """
                *nat
                :%1$s - [0:0]
                -A %1$s -s %3$s ! -d %4$s ! -o %2$s -m comment --comment "flynn: jobs leave as their host" -j MASQUERADE --random-fully
                COMMIT
                *filter
                :%1$s - [0:0]
                -A %1$s -i %2$s -m comment --comment "flynn: from jobs" -j ACCEPT
                -A %1$s -o %2$s -s %4$s -m comment --comment "flynn: from other hosts" -j ACCEPT
                -A %1$s -o %2$s -m conntrack --ctstate RELATED,ESTABLISHED -m comment --comment "flynn: answers" -j ACCEPT
                COMMIT
                """.formatted(chain, bridge, subnet, network);
    }

    private void hook() throws IOException {
        commands.sh("""
                %s 2>/dev/null || %s
                %s 2>/dev/null || %s
                """.formatted(
                        jump("nat", "-C", "POSTROUTING"),
                        jump("nat", "-I", "POSTROUTING"),
                        jump("filter", "-C", "FORWARD"),
                        jump("filter", "-I", "FORWARD")));
    }

    private String jump(String table, String action, String from) {
        return "iptables -w -t %s %s %s -m comment --comment flynn -j %s".formatted(table, action, from, chain);
    }
}
