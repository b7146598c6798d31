package dev.flynn.controller.http;

import dev.flynn.api.access.AccessKey;
import dev.flynn.api.error.FlynnException;
import dev.flynn.spi.auth.Principal;
import jakarta.ws.rs.container.ContainerRequestContext;
import java.util.Optional;

/**
 * A request that came with a valid key.
 *
 * @param onBehalfOf the name of the key of whoever made the sender send it
 * @param remote the address that it came from
 */
record Visit(Principal principal, Optional<String> onBehalfOf, PathTable.Found request, String remote) {

    /** By which a part of the platform says for whom it asks; nobody else is believed. */
    static final String ON_BEHALF_OF = "X-Flynn-On-Behalf-Of";

    Visit {
        onBehalfOf = onBehalfOf.filter(
                name -> principal.isAdmin() && !name.isEmpty() && name.length() <= AccessKey.MAX_NAME_LENGTH);
    }

    /** Whom the audit names. */
    String actor() {
        return onBehalfOf.orElse(principal.name());
    }

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
