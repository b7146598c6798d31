package dev.flynn.blobstore;

import dev.flynn.api.error.FlynnException;
import dev.flynn.base.BlobSignature;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.blob.BlobStore;
import java.io.CharConversionException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Optional;
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
    private static final int INSUFFICIENT_STORAGE = 507;
    private static final String DEFAULT_TYPE = "application/octet-stream";

    private final BlobStore blobs;
    private final byte[] key;
    private final BlobSignature signature;
    private final DiskReserve reserve;

    BlobHandler(BlobStore blobs, String clusterKey, DiskReserve reserve) {
        this.blobs = blobs;
        this.key = clusterKey.getBytes(StandardCharsets.UTF_8);
        this.signature = new BlobSignature(clusterKey);
        this.reserve = reserve;
    }

    @Override
    public void service(Request request, Response response) throws Exception {
        try {
            answer(request, response);
        } catch (FlynnException e) {
            refuse(request, response, e);
        } catch (CharConversionException e) {
            text(response, 400, "this path cannot be a key");
        } catch (IOException e) {
            log.atWarn()
                    .addKeyValue("path", request.getRequestURI())
                    .setCause(e)
                    .log("request failed");
            if (!response.isCommitted()) {
                text(response, 500, "Internal Server Error");
            }
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
                text(response, INSUFFICIENT_STORAGE, e.getMessage());
            }
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
            case "GET" -> get(name, request, response, true);
            case "HEAD" -> get(name, request, response, false);
            case "PUT" -> put(name, request);
            case "DELETE" -> blobs.delete(name);
            default -> response.setStatus(405);
        }
    }

    private boolean allowed(Request request, String path) {
        String given = request.getParameter(BlobSignature.PARAMETER);
        if (given != null) {
            return signature.verify(request.getMethod().getMethodString(), path, given);
        }
        String header = request.getHeader("Authorization");
        if (header == null || !header.startsWith("Basic ")) {
            return false;
        }
        try {
            String credentials = new String(Base64.getDecoder().decode(header.substring(6)), StandardCharsets.UTF_8);
            byte[] password =
                    credentials.substring(credentials.indexOf(':') + 1).getBytes(StandardCharsets.UTF_8);
            return MessageDigest.isEqual(password, key);
        } catch (IllegalArgumentException notBase64) {
            return false;
        }
    }

    private void put(String name, Request request) throws IOException {
        String what = "storing /" + name;
        long announced = request.getContentLengthLong();
        reserve.require(what, Math.max(0, announced));
        String type = Optional.ofNullable(request.getContentType()).orElse(DEFAULT_TYPE);
        blobs.put(name, type, new Upload(request.getInputStream(), announced, () -> reserve.require(what)));
    }

    private void get(String name, Request request, Response response, boolean withBody) throws IOException {
        Optional<BlobStore.Blob> found = blobs.open(name);
        if (found.isEmpty()) {
            text(response, 404, "NotFound");
            return;
        }
        try (BlobStore.Blob blob = found.get()) {
            BlobStore.BlobInfo info = blob.info();
            response.setHeader("Etag", info.etag());
            response.setHeader("Last-Modified", httpDate(info.modifiedAt()));
            response.setHeader("Accept-Ranges", "bytes");
            response.setContentType(info.contentType());
            if (unchanged(request, info)) {
                response.setStatus(304);
                return;
            }
            ByteRange range = range(request, info);
            if (range == null) {
                response.setStatus(416);
                response.setHeader("Content-Range", "bytes */" + info.size());
                return;
            }
            if (range.length() != info.size() || range.asked()) {
                response.setStatus(206);
                response.setHeader(
                        "Content-Range",
                        "bytes %d-%d/%d".formatted(range.first(), range.first() + range.length() - 1, info.size()));
            }
            response.setContentLengthLong(range.length());
            if (withBody) {
                copy(blob.content(range.first()), response.getOutputStream(), range.length());
            }
        }
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
        response.setStatus(status);
        response.setContentType("text/plain; charset=utf-8");
        response.getWriter().write(message + "\n");
    }
}
