package dev.flynn.api.resource;

import dev.flynn.api.id.ProviderId;
import java.time.Instant;
import org.apiguardian.api.API;

/** What provisions resources of one kind; the url is where the controller asks for them. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public record Provider(ProviderId id, String name, String url, Instant createdAt, Instant updatedAt) {}
