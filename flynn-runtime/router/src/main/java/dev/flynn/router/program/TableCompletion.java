package dev.flynn.router.program;

import dev.flynn.spi.router.RouteTable;

/** Adds to a router's table what the routes themselves do not say: certificates that are got for them, for example. */
public interface TableCompletion extends AutoCloseable {

    /** Opens one for each router. */
    interface Factory {

        /** @param onChange to be called, on any thread, when {@link #complete} has another answer */
        TableCompletion open(Runnable onChange);
    }

    /** Adds nothing. */
    Factory NONE = onChange -> new TableCompletion() {
        @Override
        public RouteTable complete(RouteTable table) {
            return table;
        }

        @Override
        public void close() {}
    };

    RouteTable complete(RouteTable table);

    @Override
    void close();
}
