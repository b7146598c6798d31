package dev.flynn.link.admin;

import dev.flynn.store.RatisClusterStore;
import dev.flynn.store.StoreMember;
import java.util.List;
import java.util.Optional;

/** Who keeps a replica of the store. */
public interface StoreMembership {

    List<StoreMember> members();

    Optional<String> leader();

    void promote(String hostId);

    void demote(String hostId);

    void remove(String hostId);

    static StoreMembership of(RatisClusterStore store) {
        return new StoreMembership() {
            @Override
            public List<StoreMember> members() {
                return store.members();
            }

            @Override
            public Optional<String> leader() {
                return store.leader();
            }

            @Override
            public void promote(String hostId) {
                store.promote(hostId);
            }

            @Override
            public void demote(String hostId) {
                store.demote(hostId);
            }

            @Override
            public void remove(String hostId) {
                store.remove(hostId);
            }
        };
    }
}
