package dev.flynn.client;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;

/** Builds the target of a request. */
final class QueryString {

    private final StringBuilder target;
    private char separator = '?';

    QueryString(String path) {
        this.target = new StringBuilder(path);
    }

    QueryString add(String name, String value) {
        target.append(separator).append(name).append('=').append(encode(value));
        separator = '&';
        return this;
    }

    /** One segment of a path, or one value. */
    static String encode(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20");
    }

    @Override
    public String toString() {
        return target.toString();
    }
}
