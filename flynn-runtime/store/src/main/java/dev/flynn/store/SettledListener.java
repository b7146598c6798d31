package dev.flynn.store;

import java.lang.reflect.Method;
import org.apache.ratis.proto.RaftProtos.RaftPeerRole;
import org.apache.ratis.server.RaftConfiguration;
import org.apache.ratis.server.leader.FollowerInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells Ratis that a listener which was added keeps up by now. Ratis (3.3.0) remembers that of new voters alone; of a listener it
 * goes on thinking that it is being added. As soon as such a listener is gone, nobody else can be added, since Ratis waits for
 * all who are.
 */
final class SettledListener {

    private static final Logger log = LoggerFactory.getLogger(SettledListener.class);

    private SettledListener() {}

    /** Returns whether there is nothing left to tell. */
    static boolean settle(FollowerInfo follower, RaftConfiguration members) {
        boolean isListener = members.getPeer(follower.getId(), RaftPeerRole.LISTENER) != null;
        boolean isVoter = members.getPeer(follower.getId(), RaftPeerRole.FOLLOWER) != null;
        if (isListener) {
            tell(follower);
        }
        return isListener || isVoter;
    }

    private static void tell(FollowerInfo follower) {
        try {
            Method catchUp = follower.getClass().getDeclaredMethod("catchUp");
            catchUp.setAccessible(true);
            catchUp.invoke(follower);
        } catch (ReflectiveOperationException | RuntimeException e) {
            log.atWarn()
                    .setCause(e)
                    .addKeyValue("peer", follower.getId())
                    .log("as long as this peer leads, no other can be added while that one is away");
        }
    }
}
