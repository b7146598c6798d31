package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import java.io.IOException;
import java.util.Collection;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevWalk;
import org.eclipse.jgit.transport.PreReceiveHook;
import org.eclipse.jgit.transport.ReceiveCommand;
import org.eclipse.jgit.transport.ReceiveCommand.Result;
import org.eclipse.jgit.transport.ReceivePack;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deploys the new master before the ref moves: a push whose deployment fails is refused, and can simply be pushed again.
 * Pushes to one app come one after the other.
 */
final class DeployOnPush implements PreReceiveHook {

    static final String MASTER = "refs/heads/master";

    private static final Logger log = LoggerFactory.getLogger(DeployOnPush.class);

    private final App app;
    private final Receiver receiver;
    private final ReentrantLock turn;
    private final DiskReserve reserve;

    DeployOnPush(App app, Receiver receiver, ReentrantLock turn, DiskReserve reserve) {
        this.app = app;
        this.receiver = receiver;
        this.turn = turn;
        this.reserve = reserve;
    }

    @Override
    public void onPreReceive(ReceivePack pack, Collection<ReceiveCommand> commands) {
        var pusher = new Pusher(pack.getMessageOutputStream());
        Optional<ReceiveCommand> master = commands.stream()
                .filter(command -> command.getRefName().equals(MASTER))
                .filter(command -> command.getResult() == Result.NOT_ATTEMPTED)
                .findFirst();
        if (master.isEmpty()) {
            pusher.line("The push must include a change to the master branch to be deployed.");
            refuse(commands, "no change of master");
            return;
        }
        if (master.get().getType() == ReceiveCommand.Type.DELETE) {
            pusher.line("The master branch cannot be deleted; delete the app with 'flynn delete' instead.");
            refuse(commands, "master cannot be deleted");
            return;
        }
        if (!turn.tryLock()) {
            pusher.line("-----> Waiting for another push to this app to finish...");
            turn.lock();
        }
        try {
            deploy(pack.getRepository(), master.get(), pusher);
        } catch (FlynnException e) {
            e.getMessage().lines().forEach(pusher::line);
            log.atInfo().addKeyValue("app", app.name()).log("push refused: " + firstLine(e.getMessage()));
            refuse(commands, "deploy failed");
        } catch (IOException | RuntimeException e) {
            log.atError().addKeyValue("app", app.name()).setCause(e).log("push failed");
            pusher.line("The deployment failed for a reason inside the platform: " + e);
            refuse(commands, "deploy failed");
        } finally {
            turn.unlock();
        }
    }

    private void deploy(Repository repository, ReceiveCommand master, Pusher pusher) throws IOException {
        reserve.require("push");
        Optional<ObjectId> current =
                Optional.ofNullable(repository.exactRef(MASTER)).map(Ref::getObjectId);
        ObjectId wanted = master.getNewId();
        if (current.equals(Optional.of(wanted))) {
            pusher.line("This commit was deployed by another push meanwhile.");
            master.setResult(Result.OK);
            return;
        }
        boolean moved = !current.orElse(ObjectId.zeroId()).equals(master.getOldId());
        if (moved && current.isPresent() && !descends(repository, wanted, current.get())) {
            throw FlynnException.conflict("Another push came first; fetch it, then push again.");
        }
        log.atInfo()
                .addKeyValue("app", app.name())
                .addKeyValue("commit", wanted.name())
                .log("push");
        receiver.deploy(app, repository, wanted, pusher);
        if (moved) {
            RefUpdate update = repository.updateRef(MASTER);
            update.setNewObjectId(wanted);
            update.setForceUpdate(true);
            update.update();
            master.setResult(Result.OK);
        }
        log.atInfo()
                .addKeyValue("app", app.name())
                .addKeyValue("commit", wanted.name())
                .log("deployed");
    }

    private static boolean descends(Repository repository, ObjectId commit, ObjectId from) throws IOException {
        try (var walk = new RevWalk(repository)) {
            return walk.isMergedInto(walk.parseCommit(from), walk.parseCommit(commit));
        }
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("");
    }

    private static void refuse(Collection<ReceiveCommand> commands, String reason) {
        commands.stream()
                .filter(command -> command.getResult() == Result.NOT_ATTEMPTED)
                .forEach(command -> command.setResult(Result.REJECTED_OTHER_REASON, reason));
    }
}
