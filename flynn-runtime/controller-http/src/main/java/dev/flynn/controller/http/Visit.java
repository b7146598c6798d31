package dev.flynn.controller.http;

import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.auth.Principal;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Optional;

/**
 * A request that came with a valid key.
 *
 * @param remote the address that it came from
 */
record Visit(Principal principal, PathTable.Found request, String remote) {

    /** The request's attribute, and Jersey's property, that holds it. */
    static final String ATTRIBUTE = "dev.flynn.controller.visit";

    static Visit of(ContainerRequestContext request) {
        return (Visit) request.getProperty(ATTRIBUTE);
    }

    /** @throws FlynnException {@code FORBIDDEN} if the key is not for such requests */
    void requirePermission() {
        Optional<Permission> permission = Permission.of(request.method(), request.template());
        if (permission.isPresent()) {
            permission.get().require(principal);
        } else if (!principal.isAdmin()) {
            throw Permission.refused(principal, "may not do this; it needs a key with the scope admin");
        }
    }
}
