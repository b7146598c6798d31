package dev.flynn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.flynn.api.app.App;
import dev.flynn.api.release.Release;
import dev.flynn.api.route.Route;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/** {@code flynn info}. */
final class InfoCommand implements Command {

    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    @Override
    public Syntax syntax() {
        return Syntax.of(List.of(Option.flag("json")), Form.of("", 0, 0, "json"));
    }

    @Override
    public int run(Context context, Arguments arguments) {
        String name = context.app();
        App app = context.controller().app(name);
        if (arguments.has("json")) {
            context.printJson(app);
            return 0;
        }
        Optional<Release> release = context.controller().findAppRelease(name);
        context.console().print("=== " + app.name());
        Table table = new Table();
        if (release.map(InfoCommand::isDeployedWithGit).orElse(true)) {
            table.row("Git URL:", context.cluster().gitUrl(app.name()));
        }
        context.controller().routes(name).stream()
                .filter(route -> route.type().equals(Route.HTTP))
                .findFirst()
                .ifPresent(route -> table.row("Web URL:", webUrl(context, route)));
        table.print(context.console());
        return 0;
    }

    private static boolean isDeployedWithGit(Release release) {
        return !release.env().getOrDefault("SLUG_URL", "").isEmpty()
                || "true".equals(release.meta().get("git"));
    }

    private static String webUrl(Context context, Route route) {
        boolean tls = route.tlsCert().isPresent() || route.autoTls();
        int port = port(context, tls);
        boolean isUsual = port == (tls ? HTTPS : HTTP);
        return (tls ? "https://" : "http://") + route.domain().orElse("") + (isUsual ? "" : ":" + port);
    }

    /** Clusters that could not have the usual ports say which they have; others say nothing. */
    private static int port(Context context, boolean tls) {
        JsonNode detail = context.controller().status().path("detail");
        int given = URI.create(context.cluster().controllerUrl()).getPort();
        return tls
                ? detail.path("https_port").asInt(given < 0 ? HTTPS : given)
                : detail.path("http_port").asInt(HTTP);
    }
}
