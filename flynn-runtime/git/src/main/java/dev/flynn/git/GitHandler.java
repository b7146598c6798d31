package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.eclipse.jgit.lib.PersonIdent;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.transport.PacketLineOut;
import org.eclipse.jgit.transport.ReceivePack;
import org.eclipse.jgit.transport.RefAdvertiser.PacketLineOutRefAdvertiser;
import org.eclipse.jgit.transport.UploadPack;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** git's smart HTTP protocol; each session runs on a thread of its own, because a push takes as long as its build. */
final class GitHandler extends HttpHandler {

    private static final Logger log = LoggerFactory.getLogger(GitHandler.class);

    private static final String UPLOAD_PACK = "git-upload-pack";
    private static final String RECEIVE_PACK = "git-receive-pack";

    /** How long a client may prepare the next part of a pack, or take none of what it is sent. */
    private static final long SILENCE_MINUTES = 10;

    private final Repositories repositories;
    private final RepositoryBundles bundles;
    private final ClusterServices services;
    private final GitKeys keys;
    private final Receiver receiver;
    private final DiskReserve reserve;
    private final ActivePushes pushes;
    private final ExecutorService sessions;

    GitHandler(
            Repositories repositories,
            RepositoryBundles bundles,
            GitKeys keys,
            ClusterServices services,
            Receiver receiver,
            DiskReserve reserve,
            ActivePushes pushes,
            ExecutorService sessions) {
        this.repositories = repositories;
        this.bundles = bundles;
        this.services = services;
        this.keys = keys;
        this.receiver = receiver;
        this.reserve = reserve;
        this.pushes = pushes;
        this.sessions = sessions;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        String path = request.getRequestURI();
        if (path.equals("/.well-known/status")) {
            response.setContentType("application/json");
            response.getWriter().write("{\"data\":{\"status\":\"healthy\"}}");
            return;
        }
        Optional<GitPath> wanted = GitPath.parse(request.getMethod().getMethodString(), path);
        if (wanted.isEmpty()) {
            text(response, 403, "Forbidden");
            return;
        }
        String key = key(request);
        if (key.isEmpty()) {
            unauthorized(response);
            return;
        }
        Connection<?> connection = request.getContext().getConnection();
        connection.setReadTimeout(SILENCE_MINUTES, TimeUnit.MINUTES);
        connection.setWriteTimeout(SILENCE_MINUTES, TimeUnit.MINUTES);
        response.suspend();
        sessions.execute(() -> {
            try {
                serve(wanted.get(), key, request, response);
            } catch (IOException | RuntimeException e) {
                failed(wanted.get(), response, e);
            } finally {
                response.resume();
            }
        });
    }

    private static void failed(GitPath path, Response response, Exception e) {
        log.atWarn().addKeyValue("app", path.app()).setCause(e).log("git session failed");
        if (!response.isCommitted()) {
            try {
                text(response, 500, "Internal server error");
            } catch (IOException clientWentAway) {
                // nobody is left to be told
            }
        }
    }

    private static void unauthorized(Response response) throws IOException {
        response.setHeader("WWW-Authenticate", "Basic");
        text(response, 401, "Authentication required");
    }

    /** The password of the request; empty without one. */
    private static String key(Request request) {
        String header = request.getHeader("Authorization");
        if (header == null || !header.startsWith("Basic ")) {
            return "";
        }
        try {
            String credentials = new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
            return credentials.substring(credentials.indexOf(':') + 1);
        } catch (IllegalArgumentException notBase64) {
            return "";
        }
    }

    private static boolean isPush(GitPath path, Request request) {
        return path.action() == GitPath.Action.RECEIVE_PACK || RECEIVE_PACK.equals(request.getParameter("service"));
    }

    private void serve(GitPath path, String key, Request request, Response response) throws IOException {
        GitKeys.Answer allowed = keys.look(key, path.app(), isPush(path, request));
        if (allowed.status() == 401) {
            unauthorized(response);
            return;
        }
        if (!allowed.isYes()) {
            text(response, allowed.status(), allowed.why());
            return;
        }
        Receiver receiving = allowed.holder().map(receiver::onBehalfOf).orElse(receiver);
        Optional<App> app;
        try (Controller controller = services.controller()) {
            app = controller.findApp(path.app());
        } catch (FlynnException e) {
            log.atWarn().setCause(e).log("the controller cannot be asked");
            text(response, 503, e.getMessage());
            return;
        }
        if (app.isEmpty()) {
            text(response, 404, "unknown app");
            return;
        }
        try (Repository repository = repositories.open(app.get().id())) {
            if (!fetched(app.get(), repository, response)) {
                return;
            }
            switch (path.action()) {
                case INFO_REFS -> advertise(repository, request, response);
                case UPLOAD_PACK -> upload(repository, request, response);
                case RECEIVE_PACK -> receive(repository, receiving, app.get(), request, response);
            }
        }
    }

    /** A copy that may be old is not served. */
    private boolean fetched(App app, Repository repository, Response response) throws IOException {
        try {
            bundles.fetch(app.id(), repository);
            return true;
        } catch (FlynnException e) {
            log.atWarn().addKeyValue("app", app.name()).setCause(e).log("the repository cannot be fetched");
            text(response, 503, e.getMessage());
        } catch (IOException e) {
            log.atWarn().addKeyValue("app", app.name()).setCause(e).log("the repository cannot be fetched");
            text(response, 503, "the repository cannot be fetched from the blobstore now; try again in a moment");
        }
        return false;
    }

    private void advertise(Repository repository, Request request, Response response) throws IOException {
        String service = String.valueOf(request.getParameter("service"));
        if (!service.equals(UPLOAD_PACK) && !service.equals(RECEIVE_PACK)) {
            text(response, 404, "Not Found");
            return;
        }
        response.setContentType("application/x-" + service + "-advertisement");
        response.setHeader("Cache-Control", "no-cache");
        var out = new PacketLineOut(response.getOutputStream());
        var advertiser = new PacketLineOutRefAdvertiser(out);
        if (service.equals(UPLOAD_PACK)) {
            try (UploadPack pack = uploadPack(repository, request)) {
                pack.sendAdvertisedRefs(advertiser, service);
            }
            return;
        }
        out.writeString("# service=" + service + "\n");
        out.end();
        try {
            reserve.require("push");
        } catch (FlynnException e) {
            out.writeString("ERR " + e.getMessage());
            out.end();
            return;
        }
        receivePack(repository).sendAdvertisedRefs(advertiser);
    }

    private static void upload(Repository repository, Request request, Response response) throws IOException {
        response.setContentType("application/x-git-upload-pack-result");
        response.setHeader("Cache-Control", "no-cache");
        OutputStream out = response.getOutputStream();
        try (UploadPack pack = uploadPack(repository, request)) {
            pack.upload(body(request), out, null);
        }
        out.flush();
    }

    private void receive(Repository repository, Receiver receiving, App app, Request request, Response response)
            throws IOException {
        response.setContentType("application/x-git-receive-pack-result");
        response.setHeader("Cache-Control", "no-cache");
        ActivePushes.Push push = pushes.begin(response.getOutputStream());
        try {
            ReceivePack pack = receivePack(repository);
            pack.setMaxPackSizeLimit(spaceForPack());
            pack.setPreReceiveHook(
                    new DeployOnPush(app, receiving, bundles, repositories.turn(app.id()), reserve, push));
            pack.receive(body(request), push.output(), null);
            push.output().flush();
        } finally {
            pushes.end(push);
        }
    }

    private static UploadPack uploadPack(Repository repository, Request request) {
        var pack = new UploadPack(repository);
        pack.setBiDirectionalPipe(false);
        String protocol = request.getHeader("Git-Protocol");
        if (protocol != null) {
            pack.setExtraParameters(List.of(protocol.split(":")));
        }
        return pack;
    }

    private static ReceivePack receivePack(Repository repository) {
        var pack = new ReceivePack(repository);
        pack.setBiDirectionalPipe(false);
        pack.setRefLogIdent(new PersonIdent("gitreceive", "gitreceive@flynn"));
        return pack;
    }

    /** A pack is refused before it touches what is reserved for the platform. */
    private long spaceForPack() throws IOException {
        long usable = Files.getFileStore(reserve.directory()).getUsableSpace();
        return Math.max(1, usable - reserve.reserveBytes());
    }

    private static InputStream body(Request request) throws IOException {
        InputStream body = request.getInputStream();
        String encoding = request.getHeader("Content-Encoding");
        boolean packed = "gzip".equalsIgnoreCase(encoding) || "x-gzip".equalsIgnoreCase(encoding);
        return packed ? new GZIPInputStream(body) : body;
    }

    private static void text(Response response, int status, String message) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain; charset=utf-8");
        OutputStream out = response.getOutputStream();
        out.write((message + "\n").getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
