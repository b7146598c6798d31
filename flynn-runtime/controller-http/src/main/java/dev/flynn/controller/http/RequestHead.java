package dev.flynn.controller.http;

import java.util.Optional;

/** What a server knows of a request before its body. */
interface RequestHead {

    String method();

    /** As it was written, without the query; below the place where the API is mounted. */
    String path();

    /** As it was written; empty if there is none. */
    String query();

    Optional<String> header(String name);

    /** A parameter of the query, decoded. */
    Optional<String> parameter(String name);

    /** The address at the other end of the connection; empty if the server does not tell. */
    String remote();
}
