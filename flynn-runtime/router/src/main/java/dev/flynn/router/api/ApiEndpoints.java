package dev.flynn.router.api;

import dev.flynn.api.error.ErrorCode;
import dev.flynn.api.error.FlynnException;
import dev.flynn.api.id.Ids;
import dev.flynn.api.route.Route;
import dev.flynn.base.KeyPassword;
import dev.flynn.json.ErrorBody;
import dev.flynn.json.FlynnJson;
import dev.flynn.router.telemetry.Traffic;
import dev.flynn.state.route.NewRoute;
import dev.flynn.state.route.Refused;
import dev.flynn.state.route.RouteCatalog;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the API answers, request by request; may wait for the store. */
final class ApiEndpoints {

    private static final Logger log = LoggerFactory.getLogger(ApiEndpoints.class);

    private static final String ROUTES = "/routes";
    private static final Set<String> TYPES = Set.of(Route.HTTP, Route.TCP);

    private final FlynnJson json;
    private final RouteCatalog routes;
    private final Supplier<String> key;
    private final Supplier<Traffic> traffic;

    /**
     * @param key whose holders are served; empty while there is none
     * @param traffic what the router has carried until now
     */
    ApiEndpoints(FlynnJson json, RouteCatalog routes, Supplier<String> key, Supplier<Traffic> traffic) {
        this.json = json;
        this.routes = routes;
        this.key = key;
        this.traffic = traffic;
    }

    /** What a client says of a route besides {@link NewRoute}. */
    record Owner(String parentRef) {}

    ApiAnswer answer(ApiRequest request) {
        try {
            requireKey(request);
            return endpoint(request);
        } catch (Refused e) {
            ErrorBody body = ErrorBody.of(e.failure(), json);
            return error(
                    e.failure().code().httpStatus(),
                    new ErrorBody(body.code(), body.message(), json.toTree(e.detail()), body.retry()));
        } catch (FlynnException e) {
            return failure(e);
        } catch (RuntimeException e) {
            return internal(e, false);
        }
    }

    /** @throws FlynnException {@code UNAUTHORIZED} */
    void requireKey(ApiRequest request) {
        if (!KeyPassword.isIn(request.authorization(), key.get())) {
            throw new FlynnException(
                    ErrorCode.UNAUTHORIZED,
                    "the router's API wants the cluster's key as the password of basic authentication, with any user");
        }
    }

    ApiAnswer failure(FlynnException e) {
        return switch (e.code()) {
            case OBJECT_NOT_FOUND -> ApiAnswer.empty(404);
            case UNAUTHORIZED ->
                error(401, ErrorBody.of(e, json)).with("WWW-Authenticate", "Basic realm=\"flynn router\"");
            case SERVICE_UNAVAILABLE, COMPACTED -> internal(e, true);
            case UNKNOWN -> internal(e, e.retry());
            default -> error(e.code().httpStatus(), ErrorBody.of(e, json));
        };
    }

    private ApiAnswer internal(RuntimeException e, boolean retry) {
        log.atError().setCause(e).addKeyValue("retry", retry).log("request to the router's API failed");
        return error(500, new ErrorBody(ErrorCode.UNKNOWN.wireName(), ErrorBody.SOMETHING_WENT_WRONG, null, retry));
    }

    private ApiAnswer error(int status, ErrorBody body) {
        return ApiAnswer.json(status, json.writeBytes(body));
    }

    private ApiAnswer endpoint(ApiRequest request) {
        if (request.path().equals(ROUTES)) {
            return switch (request.method()) {
                case "GET" -> json(list(request.parameters().get("parent_ref")));
                case "POST" -> json(create(request.body()));
                default -> methodNotAllowed("GET, POST");
            };
        }
        if (request.is("GET", "/metrics")) {
            return ApiAnswer.text(PrometheusText.MEDIA_TYPE, PrometheusText.of(traffic.get()));
        }
        if (request.is("GET", "/metrics.json")) {
            return json(traffic.get());
        }
        List<String> parts = Arrays.asList(request.path().split("/", -1));
        if (parts.size() == 4 && request.path().startsWith(ROUTES + "/")) {
            return route(request, parts.get(2), parts.get(3));
        }
        return error(404, ErrorBody.of(new FlynnException(ErrorCode.NOT_FOUND, "there is nothing here"), json));
    }

    private ApiAnswer route(ApiRequest request, String type, String id) {
        boolean known = TYPES.contains(type);
        return switch (request.method()) {
            case "GET" -> json(routes.get(requireKnown(type, known), requireId(id)));
            case "PUT" -> {
                if (!known) {
                    throw FlynnException.invalidField("type", "Invalid route type");
                }
                yield json(update(type, requireId(id), request.body()));
            }
            case "DELETE" -> {
                delete(requireKnown(type, known), requireId(id));
                yield ApiAnswer.empty(200);
            }
            default -> methodNotAllowed("GET, PUT, DELETE");
        };
    }

    private static String requireKnown(String type, boolean known) {
        if (!known) {
            throw FlynnException.notFound("route type", type);
        }
        return type;
    }

    private static String requireId(String id) {
        if (!Ids.isId(id)) {
            throw FlynnException.invalidField("id", "must be a UUID, was \"" + id + "\"");
        }
        return id;
    }

    private List<Route> list(@Nullable List<String> parentRef) {
        return parentRef == null ? routes.list() : routes.of(parentRef.get(parentRef.size() - 1));
    }

    /** The answer has the path as it was sent; what is stored ends with a slash. */
    private Route create(String body) {
        NewRoute request = json.read(body, NewRoute.class);
        Route created = routes.create(json.read(body, Owner.class).parentRef(), request);
        return request.path().isEmpty()
                ? created
                : created.toBuilder().path(request.path()).build();
    }

    private Route update(String type, String id, String body) {
        NewRoute request = json.read(body, NewRoute.class);
        if (type.equals(Route.TCP) && request.port() <= 0) {
            throw FlynnException.invalidField("port", "must be the route's own; for another one create another route");
        }
        return routes.update(json.read(body, Owner.class).parentRef(), type, id, request);
    }

    /** Deleting what is not there is no error, as with routers of 2015. */
    private void delete(String type, String id) {
        try {
            routes.delete(type, id);
        } catch (FlynnException e) {
            if (e.code() != ErrorCode.OBJECT_NOT_FOUND) {
                throw e;
            }
        }
    }

    private ApiAnswer json(Object value) {
        return ApiAnswer.json(json.writeBytes(value));
    }

    private ApiAnswer methodNotAllowed(String allowed) {
        return error(
                        405,
                        ErrorBody.of(new FlynnException(ErrorCode.NOT_FOUND, "this takes " + allowed + " only"), json))
                .with("Allow", allowed);
    }
}
