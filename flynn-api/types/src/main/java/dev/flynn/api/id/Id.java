package dev.flynn.api.id;

import java.util.UUID;
import org.apiguardian.api.API;

/** An identity that is a UUID on the wire: lower case, dashed. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public sealed interface Id permits AppId, ReleaseId, ArtifactId, DeploymentId, RouteId, ProviderId, ResourceId {

    UUID value();
}
