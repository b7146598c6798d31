package dev.flynn.network;

import java.io.IOException;
import java.util.Collection;

/** The way from one host's jobs to those of the others. Thread-safe. */
interface Overlay {

    /** Nothing: other hosts are reached by what somebody else has set up, or there are none. */
    static Overlay none(int mtu) {
        return new Overlay() {
            @Override
            public int mtu() {
                return mtu;
            }

            @Override
            public void reconcile(Collection<SubnetLease> others) {}

            @Override
            public void remove() {}
        };
    }

    /** How many bytes a packet may have that takes this way. */
    int mtu();

    /** Makes the kernel's state what the leases of the other hosts ask for, whatever it was. */
    void reconcile(Collection<SubnetLease> others) throws IOException;

    void remove() throws IOException;
}
