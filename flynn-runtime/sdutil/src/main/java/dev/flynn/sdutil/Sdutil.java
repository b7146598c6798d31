package dev.flynn.sdutil;

import dev.flynn.api.discovery.Instance;
import dev.flynn.api.error.FlynnException;
import dev.flynn.discoverd.client.DiscoverdClient;
import dev.flynn.sdutil.Addresses.Target;
import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The sub-commands. One object runs one of them. */
final class Sdutil {

    static final String USAGE = """
            usage: sdutil COMMAND [FLAGS] [ARGUMENTS]

              register [-h HOST | -i INTERFACE] NAME:PORT
                    stay registered until interrupted
              exec [-h HOST | -i INTERFACE] -s NAME:PORT ... COMMAND [ARGUMENTS]
                    run a command and register it while it runs
              services [-1] NAME
              instances [-1] NAME
                    print the addresses of a service, or only the first
              check [-s]
                    tell whether discoverd answers; -s only by the exit status
              expose -d [VARIABLE:]NAME ... COMMAND [ARGUMENTS]
                    run a command with the addresses of leaders, again when one changes
              configure -f TEMPLATE:FILE ... COMMAND [ARGUMENTS]
                    run a command with files made of templates, again when they change

            DISCOVERD says where discoverd is (default: http://127.0.0.1:1111)
            """;

    private final Map<String, String> env;
    private final PrintStream out;
    private final PrintStream err;
    private final DiscoverdClient client;
    private final CountDownLatch interrupted = new CountDownLatch(1);
    private @Nullable Supervisor supervisor;
    private @Nullable Child child;

    Sdutil(Map<String, String> env, PrintStream out, PrintStream err) {
        this.env = Map.copyOf(env);
        this.out = out;
        this.err = err;
        this.client = DiscoverdClient.of(env);
    }

    /** Returns the exit status. */
    int run(List<String> words) {
        if (words.isEmpty()) {
            err.print(USAGE);
            return Usage.FATAL;
        }
        List<String> rest = words.subList(1, words.size());
        try {
            return switch (words.get(0)) {
                case "register" -> register(Arguments.parse(rest, "hi", ""));
                case "exec" -> exec(Arguments.parse(rest, "his", ""));
                case "services", "instances" -> addresses(Arguments.parse(rest, "", "1"));
                case "check" -> check(Arguments.parse(rest, "", "s"));
                case "expose" -> expose(Arguments.parse(rest, "d", ""));
                case "configure" -> configure(Arguments.parse(rest, "f", ""));
                default -> {
                    err.print(USAGE);
                    yield Usage.FATAL;
                }
            };
        } catch (Usage e) {
            err.println("sdutil: " + e.getMessage());
            return e.status();
        } catch (FlynnException e) {
            err.println("sdutil: " + e.getMessage());
            return Usage.FATAL;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Usage.FATAL;
        } finally {
            client.close();
        }
    }

    /** Ends what runs and deregisters, from another thread. */
    void interrupt() {
        Supervisor running;
        Child command;
        synchronized (this) {
            running = supervisor;
            command = child;
        }
        client.close();
        if (running != null) {
            running.stop();
        }
        if (command != null) {
            command.stop();
        }
        interrupted.countDown();
    }

    private int register(Arguments arguments) throws InterruptedException {
        register(Addresses.target(arguments.single("name:port"), Addresses.host(arguments)));
        interrupted.await();
        return 0;
    }

    private int exec(Arguments arguments) throws InterruptedException {
        String host = Addresses.host(arguments);
        List<Target> targets = arguments.all("s").stream()
                .map(text -> Addresses.target(text, host))
                .toList();
        if (targets.isEmpty()) {
            throw new Usage(Usage.FATAL, "at least one -s name:port is needed");
        }
        Child started = Child.start(arguments.command(), Map.of());
        synchronized (this) {
            child = started;
        }
        try {
            targets.forEach(this::register);
        } catch (RuntimeException e) {
            started.stop();
            throw e;
        }
        return started.waitFor();
    }

    private void register(Target target) {
        var unused = client.register(target.service(), target.address(), "tcp", Map.of());
    }

    private int addresses(Arguments arguments) {
        String service = arguments.single("service name");
        List<Instance> instances = client.instances(service);
        if (instances.isEmpty()) {
            throw new Usage(Usage.FATAL, "service \"" + service + "\" has no instances");
        }
        instances.stream()
                .limit(arguments.has("1") ? 1 : Long.MAX_VALUE)
                .forEach(instance -> out.println(instance.addr()));
        return 0;
    }

    private int check(Arguments arguments) {
        boolean answers = client.ping();
        if (!arguments.has("s")) {
            (answers ? out : err).println(answers ? "discoverd answers" : "discoverd does not answer");
        }
        return answers ? 0 : 1;
    }

    private int expose(Arguments arguments) throws InterruptedException {
        Map<String, String> serviceByVariable = new LinkedHashMap<>();
        for (String text : arguments.all("d")) {
            int colon = text.indexOf(':');
            String variable = colon < 0 ? text : text.substring(0, colon);
            serviceByVariable.put(variable, text.substring(colon + 1));
        }
        if (serviceByVariable.isEmpty()) {
            throw new Usage(Usage.FATAL, "at least one -d service is needed");
        }
        try (var services = new Services(client)) {
            serviceByVariable.values().forEach(services::follow);
            return supervise(services, arguments.command()).run(() -> leaders(services, serviceByVariable), () -> {});
        }
    }

    /** The address of every leader; empty while a service has none. */
    private static Optional<Map<String, String>> leaders(Services services, Map<String, String> serviceByVariable) {
        Map<String, String> addresses = new LinkedHashMap<>();
        serviceByVariable.forEach((variable, service) -> services.state(service)
                .flatMap(Services.State::leader)
                .ifPresent(leader -> addresses.put(variable, leader.addr())));
        return addresses.size() == serviceByVariable.size() ? Optional.of(addresses) : Optional.empty();
    }

    private int configure(Arguments arguments) throws InterruptedException {
        if (!arguments.has("f")) {
            throw new Usage(Usage.FATAL, "at least one -f template:file is needed");
        }
        try (var services = new Services(client)) {
            var files = new Configure(arguments.all("f"), new ServiceFields(services, env));
            return supervise(services, arguments.command()).run(files, files::write);
        }
    }

    private synchronized Supervisor supervise(Services services, List<String> command) {
        var created = new Supervisor(services, command);
        supervisor = created;
        return created;
    }
}
