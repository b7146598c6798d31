package dev.flynn.router.nginx;

import java.nio.file.Path;

/** A program that runs an nginx until somebody kills it. */
final class KilledProgramMain {

    private KilledProgramMain() {}

    public static void main(String[] arguments) throws InterruptedException {
        NginxRouter router = NginxRouter.builder(Path.of(arguments[0]))
                .listenIp("127.0.0.1")
                .workers(1)
                .build();
        System.out.println(router.processId());
        Thread.sleep(Long.MAX_VALUE);
    }
}
