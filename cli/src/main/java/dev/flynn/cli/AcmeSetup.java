package dev.flynn.cli;

import dev.flynn.api.certificate.AcmeSettings;
import dev.flynn.api.certificate.AcmeStatus;
import dev.flynn.api.certificate.AcmeValidation;
import dev.flynn.api.certificate.DomainCertificate;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/** {@code flynn cluster acme}: from which authority the cluster gets certificates. */
final class AcmeSetup {

    private AcmeSetup() {}

    static void enable(Context context, Arguments arguments) {
        if (!arguments.has("agree-terms")) {
            throw new CliException(
                    "the authority asks you to agree to its terms of service: read them, and say so with --agree-terms");
        }
        var settings = new AcmeSettings(
                arguments.option("directory").orElse(""),
                arguments.option("email"),
                true,
                arguments.option("ca").map(file -> read(context, file)),
                arguments.option("validation").map(AcmeValidation::ofWireName),
                arguments.option("dns-provider"));
        AcmeStatus status = context.controller().enableAcme(settings);
        if (arguments.has("json")) {
            context.printJson(status);
        } else {
            context.console()
                    .print("Certificates come from " + settings.directory()
                            + " for routes that are added with --auto-tls.");
        }
    }

    private static String read(Context context, String file) {
        try {
            return Files.readString(context.environment().directory().resolve(file));
        } catch (IOException e) {
            throw new CliException("cannot read the authority's certificate: " + FileProblem.of(e), e);
        }
    }

    static void disable(Context context, boolean asJson) {
        context.controller().disableAcme();
        if (asJson) {
            context.printJson(context.controller().acme());
            return;
        }
        context.console().print("Certificates that are there serve until they expire; none is renewed.");
    }

    static void show(Context context, boolean asJson) {
        AcmeStatus status = context.controller().acme();
        if (asJson) {
            context.printJson(status);
            return;
        }
        Console console = context.console();
        if (status.settings().isEmpty()) {
            console.print("The cluster gets no certificates: see flynn cluster acme enable.");
        }
        status.settings().ifPresent(settings -> {
            Table table = new Table().row("Directory:", settings.directory());
            settings.email().ifPresent(email -> table.row("Email:", email));
            settings.validation().ifPresent(way -> table.row("Validation:", way.wireName()));
            settings.dnsProvider().ifPresent(provider -> table.row("DNS provider:", provider));
            table.print(console);
        });
        if (!status.domains().isEmpty()) {
            Table table = new Table().row("DOMAIN", "STATE", "EXPIRES", "RENEWAL", "ERROR");
            for (DomainCertificate domain : status.domains()) {
                table.row(
                        domain.domain(),
                        domain.state().wireName(),
                        text(domain.expiresAt()),
                        text(domain.renewAt()),
                        domain.error().orElse(""));
            }
            table.print(console);
        }
    }

    private static String text(Optional<?> value) {
        return value.map(Object::toString).orElse("");
    }
}
