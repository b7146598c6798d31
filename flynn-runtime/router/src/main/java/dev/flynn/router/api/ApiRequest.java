package dev.flynn.router.api;

import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request to the API, apart from the connection that it came over.
 *
 * @param parameters of its query
 * @param authorization the field, if there is one
 */
record ApiRequest(
        String method,
        String path,
        Map<String, List<String>> parameters,
        @Nullable String authorization,
        String body,
        boolean keepAlive) {

    /** @throws IllegalArgumentException if the target cannot be decoded */
    static ApiRequest of(FullHttpRequest request) {
        var target = new QueryStringDecoder(request.uri());
        return new ApiRequest(
                request.method().name(),
                target.path(),
                target.parameters(),
                request.headers().get(HttpHeaderNames.AUTHORIZATION),
                request.content().toString(StandardCharsets.UTF_8),
                HttpUtil.isKeepAlive(request));
    }

    boolean is(String wantedMethod, String wantedPath) {
        return path.equals(wantedPath) && method.equals(wantedMethod);
    }
}
