package dev.flynn.spi.dns;

import dev.flynn.spi.component.ComponentFactory;
import org.apiguardian.api.API;

/** Creates a {@link DnsChallengeProvider}; found by {@code ServiceLoader}. */
@API(status = API.Status.EXPERIMENTAL, since = "0.1")
public interface DnsChallengeProviderFactory extends ComponentFactory<DnsChallengeProvider> {}
