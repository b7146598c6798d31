package dev.flynn.tck.router;

import dev.flynn.spi.router.Router;

class ReferenceRouterTckTest extends RouterTck {

    @Override
    protected Router openRouter(RouterSetup setup) {
        return new ReferenceRouter(setup);
    }
}
