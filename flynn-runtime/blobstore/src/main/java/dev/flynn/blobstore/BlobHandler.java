package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.BlobSignature;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.blob.BlobStore;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.stream.Stream;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The blobstore's HTTP API (contract: layer 1, Blobstore), for callers that know the cluster's key or have a signed URL. */
final class BlobHandler extends HttpHandler {

    private static final Logger log = LoggerFactory.getLogger(BlobHandler.class);
    private static final String DEFAULT_TYPE = "application/octet-stream";

    private final ReplicatedBlobStore blobs;
    private final KeyHolders who;
    private final BlobSignature signature;
    private final DiskReserve reserve;
    private final CopyHandler copies;
    private final Executor threads;

    /** @param threads run requests, which may wait for other hosts: those who serve them must not be kept waiting */
    BlobHandler(
            ReplicatedBlobStore blobs,
            KeyHolders who,
            BlobSignature signature,
            DiskReserve reserve,
            CopyHandler copies,
            Executor threads) {
        this.blobs = blobs;
        this.who = who;
        this.signature = signature;
        this.reserve = reserve;
        this.copies = copies;
        this.threads = threads;
    }

    @Override
    public void service(Request request, Response response) throws IOException {
        if (request.getRequestURI().startsWith(CopyHandler.PATH)) {
            copies.serve(request, response);
            return;
        }
        response.suspend();
        threads.execute(() -> {
            try {
                serve(request, response);
            } catch (IOException | RuntimeException e) {
                failed(request, response, e);
            } finally {
                response.resume();
            }
        });
    }

    private static void failed(Request request, Response response, Exception e) {
        log.atWarn().addKeyValue("path", request.getRequestURI()).setCause(e).log("request failed");
        if (response.isCommitted()) {
            // the client must not take what it has for the whole
            request.getContext().getConnection().closeSilently();
            return;
        }
        try {
            text(response, 500, "Internal Server Error");
        } catch (IOException clientWentAway) {
            // nobody is left to be told
        }
    }

    private void serve(Request request, Response response) throws IOException {
        try {
            answer(request, response);
        } catch (FlynnException e) {
            refuse(request, response, e);
        } catch (CharConversionException e) {
            text(response, 400, "this path cannot be a key");
        } catch (IOException e) {
            failed(request, response, e);
        }
        log.atInfo()
                .addKeyValue("method", request.getMethod())
                .addKeyValue("path", request.getRequestURI())
                .addKeyValue("status", response.getStatus())
                .log("request");
    }

    private static void refuse(Request request, Response response, FlynnException e) throws IOException {
        switch (e.code()) {
            case NO_CAPACITY -> {
                // what is left of the upload is not wanted
                response.setHeader("Connection", "close");
                text(response, Texts.INSUFFICIENT_STORAGE, e.getMessage());
            }
            case SERVICE_UNAVAILABLE, CONFLICT, PRECONDITION_FAILED ->
                text(response, e.code().httpStatus(), e.getMessage());
            case VALIDATION -> {
                boolean writes = request.getMethod() == Method.PUT;
                text(response, writes ? 400 : 404, writes ? e.getMessage() : "NotFound");
            }
            default -> {
                log.atWarn()
                        .addKeyValue("path", request.getRequestURI())
                        .setCause(e)
                        .log("request failed");
                text(response, 500, "Internal Server Error");
            }
        }
    }

    private void answer(Request request, Response response) throws IOException {
        String path = request.getDecodedRequestURI();
        if (path.equals("/.well-known/status")) {
            response.setContentType("application/json");
            response.getWriter().write("{\"data\":{\"status\":\"healthy\"}}");
            return;
        }
        if (!allowed(request, path)) {
            response.setStatus(401);
            response.setHeader("WWW-Authenticate", "Basic");
            return;
        }
        String name = path.substring(1);
        if (name.isEmpty()) {
            text(response, 404, "NotFound");
            return;
        }
        switch (request.getMethod().getMethodString()) {
            case "GET" -> get(name, request, response);
            case "HEAD" -> head(name, request, response);
            case "PUT" -> put(name, request, response);
            case "DELETE" -> blobs.delete(name);
            default -> response.setStatus(405);
        }
    }

    private boolean allowed(Request request, String path) {
        String given = request.getParameter(BlobSignature.PARAMETER);
        if (given != null) {
            return signature.verify(request.getMethod().getMethodString(), path, given);
        }
        return who.haveKey(request);
    }

    private void put(String name, Request request, Response response) throws IOException {
        if (name.startsWith(CopyHandler.RESERVED)) {
            throw FlynnException.invalid("keys do not begin with " + CopyHandler.RESERVED);
        }
        String what = "storing /" + name;
        long announced = request.getContentLengthLong();
        reserve.require(what, Math.max(0, announced));
        String type = Optional.ofNullable(request.getContentType()).orElse(DEFAULT_TYPE);
        var body = new Upload(request.getInputStream(), announced, () -> reserve.require(what));
        BlobStore.BlobInfo stored = blobs.put(name, type, body, condition(request));
        response.setHeader("Etag", stored.etag());
    }

    /** RFC 9110, section 13.1: so much of it as tells two writers apart. */
    private static PutCondition condition(Request request) {
        String wanted = request.getHeader("If-Match");
        if (wanted != null) {
            return PutCondition.unchanged(wanted.replace("\"", "").strip());
        }
        return "*".equals(request.getHeader("If-None-Match")) ? PutCondition.ABSENT : PutCondition.NONE;
    }

    private void get(String name, Request request, Response response) throws IOException {
        Optional<BlobStore.Blob> found = blobs.open(name);
        if (found.isEmpty()) {
            text(response, 404, "NotFound");
            return;
        }
        try (BlobStore.Blob blob = found.get()) {
            Optional<ByteRange> range = begin(blob.info(), request, response);
            if (range.isPresent()) {
                copy(
                        blob.content(range.get().first()),
                        response.getOutputStream(),
                        range.get().length());
            }
        }
    }

    private void head(String name, Request request, Response response) throws IOException {
        Optional<BlobStore.BlobInfo> found = blobs.info(name);
        if (found.isEmpty()) {
            text(response, 404, "NotFound");
            return;
        }
        var unused = begin(found.get(), request, response);
    }

    /** Everything but the body; which bytes that has, if any. */
    private static Optional<ByteRange> begin(BlobStore.BlobInfo info, Request request, Response response) {
        response.setHeader("Etag", info.etag());
        response.setHeader("Last-Modified", httpDate(info.modifiedAt()));
        response.setHeader("Accept-Ranges", "bytes");
        response.setContentType(info.contentType());
        if (unchanged(request, info)) {
            response.setStatus(304);
            return Optional.empty();
        }
        ByteRange range = range(request, info);
        if (range == null) {
            response.setStatus(416);
            response.setHeader("Content-Range", "bytes */" + info.size());
            return Optional.empty();
        }
        if (range.length() != info.size() || range.asked()) {
            response.setStatus(206);
            response.setHeader(
                    "Content-Range",
                    "bytes %d-%d/%d".formatted(range.first(), range.first() + range.length() - 1, info.size()));
        }
        response.setContentLengthLong(range.length());
        return Optional.of(range);
    }

    private static void copy(InputStream in, OutputStream out, long length) throws IOException {
        byte[] buffer = new byte[32 * 1024];
        long left = length;
        while (left > 0) {
            int count = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (count < 0) {
                throw new IOException("the object ended too early");
            }
            out.write(buffer, 0, count);
            left -= count;
        }
    }

    private static boolean unchanged(Request request, BlobStore.BlobInfo info) {
        String etags = request.getHeader("If-None-Match");
        if (etags != null) {
            return Stream.of(etags.split(",")).anyMatch(etag -> isEtag(etag, info));
        }
        return since(request.getHeader("If-Modified-Since"))
                .map(time -> !modified(info).isAfter(time))
                .orElse(false);
    }

    /** The store's own etags have no quotes; clients may add them. */
    private static boolean isEtag(String text, BlobStore.BlobInfo info) {
        return text.replace("\"", "").strip().equals(info.etag());
    }

    /** To the second, as HTTP dates are. */
    private static Instant modified(BlobStore.BlobInfo info) {
        return info.modifiedAt().truncatedTo(ChronoUnit.SECONDS);
    }

    private static Optional<Instant> since(@Nullable String date) {
        try {
            return Optional.ofNullable(date)
                    .map(text -> Instant.from(DateTimeFormatter.RFC_1123_DATE_TIME.parse(text)));
        } catch (DateTimeParseException malformed) {
            return Optional.empty();
        }
    }

    /** Null when the wanted range is not there. */
    private static @Nullable ByteRange range(Request request, BlobStore.BlobInfo info) {
        String header = request.getHeader("Range");
        String condition = request.getHeader("If-Range");
        boolean same =
                condition == null || isEtag(condition, info) || since(condition).equals(Optional.of(modified(info)));
        if (header == null || !same) {
            return new ByteRange(0, info.size(), false);
        }
        return ByteRange.parse(header, info.size());
    }

    private static String httpDate(Instant time) {
        return DateTimeFormatter.RFC_1123_DATE_TIME.format(time.atZone(ZoneOffset.UTC));
    }

    private static void text(Response response, int status, String message) throws IOException {
        Texts.answer(response, status, message);
    }
}
