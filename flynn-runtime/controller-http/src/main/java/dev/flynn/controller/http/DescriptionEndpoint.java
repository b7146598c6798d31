package dev.flynn.controller.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.flynn.json.FlynnJson;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The API's description for programs. */
@Path("/")
public final class DescriptionEndpoint {

    private final List<Object> endpoints;
    private final FlynnJson json;
    private volatile @Nullable ObjectNode description;

    /** @param others the endpoints that are described beside this */
    DescriptionEndpoint(Collection<?> others, FlynnJson json) {
        this.endpoints = new ArrayList<>(others);
        this.endpoints.add(this);
        this.json = json;
    }

    /** Made when it is first wanted, because few ever want it and everybody waits for the start. */
    @GET
    @Path("openapi.json")
    @Told("Describes this API, in the form of OpenAPI 3.1.")
    public ObjectNode get() {
        ObjectNode known = description;
        if (known == null) {
            known = ApiDescription.of(endpoints, json);
            description = known;
        }
        return known;
    }
}
