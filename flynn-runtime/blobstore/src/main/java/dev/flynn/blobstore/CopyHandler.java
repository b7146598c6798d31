package dev.flynn.blobstore;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import dev.flynn.spi.blob.BlobStore;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.UUID;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;

/** This host's copies, for the blobstores of other hosts. No object's key leads here. */
final class CopyHandler {

    /** What no key begins with. */
    static final String RESERVED = ".well-known/";

    /** Followed by a version. */
    static final String PATH = "/" + RESERVED + "copies/";

    /** In a put: what the copy must be like. */
    static final String ETAG = "Flynn-Copy-Etag";

    /** In a get: the first byte that is wanted. */
    static final String OFFSET = "Flynn-Copy-Offset";

    private final Copies copies;
    private final KeyHolders who;
    private final DiskReserve reserve;

    CopyHandler(Copies copies, KeyHolders who, DiskReserve reserve) {
        this.copies = copies;
        this.who = who;
        this.reserve = reserve;
    }

    /** Waits for no other host, so that hosts which wait for each other's copies get them. */
    void serve(Request request, Response response) throws IOException {
        if (!who.haveKey(request)) {
            response.setStatus(401);
            response.setHeader("WWW-Authenticate", "Basic");
            return;
        }
        String version = version(request.getRequestURI());
        if (version.isEmpty()) {
            Texts.answer(response, 404, "NotFound");
            return;
        }
        try {
            switch (request.getMethod().getMethodString()) {
                case "GET" -> get(version, request, response);
                case "PUT" -> put(version, request);
                case "DELETE" -> copies.delete(version);
                default -> response.setStatus(405);
            }
        } catch (FlynnException e) {
            response.setHeader("Connection", "close");
            Texts.answer(
                    response, e.code() == ErrorCode.NO_CAPACITY ? Texts.INSUFFICIENT_STORAGE : 400, e.getMessage());
        }
    }

    private static String version(String uri) {
        try {
            return uri.startsWith(PATH)
                    ? UUID.fromString(uri.substring(PATH.length())).toString()
                    : "";
        } catch (IllegalArgumentException malformed) {
            return "";
        }
    }

    private void put(String version, Request request) throws IOException {
        String what = "a copy for another host";
        long announced = request.getContentLengthLong();
        reserve.require(what, Math.max(0, announced));
        String type = String.valueOf(request.getContentType());
        String etag = String.valueOf(request.getHeader(ETAG));
        var body = new Upload(request.getInputStream(), announced, () -> reserve.require(what));
        var unused = copies.put(version, type, body, Optional.of(etag));
    }

    private void get(String version, Request request, Response response) throws IOException {
        Optional<BlobStore.Blob> found = copies.open(version);
        if (found.isEmpty()) {
            Texts.answer(response, 404, "NotFound");
            return;
        }
        try (BlobStore.Blob blob = found.get()) {
            long offset = Math.min(offset(request), blob.info().size());
            response.setContentLengthLong(blob.info().size() - offset);
            try (InputStream content = blob.content(offset)) {
                content.transferTo(response.getOutputStream());
            }
        }
    }

    private static long offset(Request request) {
        String header = request.getHeader(OFFSET);
        return header == null ? 0 : Math.max(0, Long.parseLong(header));
    }
}
