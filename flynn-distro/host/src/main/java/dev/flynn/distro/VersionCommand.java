package dev.flynn.distro;

import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;

/** Prints the version. */
@Command(name = "version", description = "Prints the version.")
public final class VersionCommand implements Runnable {

    @Override
    public void run() {
        System.out.println(version());
    }

    public static String version() {
        return Optional.ofNullable(VersionCommand.class.getPackage().getImplementationVersion())
                .orElse("dev");
    }

    /** For picocli. */
    static final class Provider implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {version()};
        }
    }
}
