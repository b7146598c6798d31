package dev.flynn.git;

import dev.flynn.api.app.App;
import dev.flynn.api.error.FlynnException;
import dev.flynn.base.DiskReserve;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.stream.Collectors;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.Ref;
import org.eclipse.jgit.lib.RefUpdate;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.revwalk.RevCommit;
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
    private static final String MAIN = "refs/heads/main";
    private static final long TURN_POLL_MILLIS = 200;
    private static final int SHORT_ID = 7;

    private final App app;
    private final Receiver receiver;
    private final RepositoryBundles bundles;
    private final Lock turn;
    private final DiskReserve reserve;
    private final ActivePushes.Push push;

    DeployOnPush(
            App app,
            Receiver receiver,
            RepositoryBundles bundles,
            Lock turn,
            DiskReserve reserve,
            ActivePushes.Push push) {
        this.app = app;
        this.receiver = receiver;
        this.bundles = bundles;
        this.turn = turn;
        this.reserve = reserve;
        this.push = push;
    }

    @Override
    public void onPreReceive(ReceivePack pack, Collection<ReceiveCommand> commands) {
        var pusher = new Pusher(pack.getMessageOutputStream());
        try {
            if (pack.isSideBand()) {
                push.output().beginKeepingAlive();
            }
            ReceiveCommand master = master(commands, pusher);
            takeTurn(pusher);
            try {
                deploy(pack, commands, master, pusher);
            } finally {
                turn.unlock();
            }
        } catch (Refused e) {
            refuse(commands, String.valueOf(e.getMessage()));
        } catch (FlynnException e) {
            e.getMessage().lines().forEach(pusher::line);
            log.atWarn()
                    .addKeyValue("app", app.name())
                    .addKeyValue("reason", e.getMessage())
                    .log("push refused");
            refuse(commands, "deploy failed");
        } catch (IOException | RuntimeException e) {
            log.atError().addKeyValue("app", app.name()).setCause(e).log("push failed");
            pusher.line("The push failed for a reason inside the platform: " + e);
            pusher.line("Push again; what gitreceive says about it is in: flynn -a gitreceive log");
            refuse(commands, "deploy failed");
        } finally {
            push.output().endKeepingAlive();
        }
    }

    /** A push that is refused for its form; the pusher knows why. */
    private static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;

        Refused(String reason) {
            super(reason);
        }
    }

    private static ReceiveCommand master(Collection<ReceiveCommand> commands, Pusher pusher) throws Refused {
        Optional<ReceiveCommand> master = commands.stream()
                .filter(command -> command.getRefName().equals(MASTER))
                .filter(command -> command.getResult() == Result.NOT_ATTEMPTED)
                .findFirst();
        if (master.isEmpty()) {
            pusher.line("The push must include a change to the master branch to be deployed.");
            boolean pushesMain =
                    commands.stream().anyMatch(command -> command.getRefName().equals(MAIN));
            if (pushesMain) {
                pusher.line("To deploy what is on main: git push flynn main:master");
            }
            throw new Refused("no change of master");
        }
        if (master.get().getType() == ReceiveCommand.Type.DELETE) {
            pusher.line(
                    "The master branch cannot be deleted, because it is what runs; to delete the app: flynn delete");
            throw new Refused("master cannot be deleted");
        }
        return master.get();
    }

    private void takeTurn(Pusher pusher) {
        if (turn.tryLock()) {
            return;
        }
        pusher.line("-----> Waiting for another push to this app to finish...");
        try {
            while (!turn.tryLock(TURN_POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                push.abort().check();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw FlynnException.unavailable("gitreceive is being stopped; push again in a moment", e);
        }
    }

    private void deploy(ReceivePack pack, Collection<ReceiveCommand> commands, ReceiveCommand master, Pusher pusher)
            throws IOException {
        Repository repository = pack.getRepository();
        push.abort().check();
        reserve.require("push");
        ObjectId current = Optional.ofNullable(repository.exactRef(MASTER))
                .map(Ref::getObjectId)
                .orElse(ObjectId.zeroId());
        ObjectId wanted = master.getNewId();
        RevCommit commit = commit(repository, wanted);
        if (current.equals(wanted)) {
            pusher.line("=====> This commit was deployed by another push meanwhile");
            master.setResult(Result.OK);
            keep(pack, commands, current);
            return;
        }
        if (!current.equals(master.getOldId())) {
            pusher.line(
                    "-----> Another push made " + current.abbreviate(SHORT_ID).name() + " master meanwhile; "
                            + wanted.abbreviate(SHORT_ID).name() + " takes its place");
        }
        log.atInfo()
                .addKeyValue("app", app.name())
                .addKeyValue("commit", wanted.name())
                .log("push");
        Settling settling = receiver.deploy(app, repository, commit, pusher, push.abort());
        keep(pack, commands, current);
        settling.await();
        log.atInfo()
                .addKeyValue("app", app.name())
                .addKeyValue("commit", wanted.name())
                .log("deployed");
    }

    /** What was pushed is kept by the cluster before the pusher is told so. */
    private void keep(ReceivePack pack, Collection<ReceiveCommand> commands, ObjectId master) throws IOException {
        List<ReceiveCommand> moves = commands.stream()
                .filter(command -> command.getResult() == Result.NOT_ATTEMPTED)
                .toList();
        if (moves.isEmpty()) {
            return;
        }
        Map<String, ObjectId> wanted =
                moves.stream().collect(Collectors.toMap(ReceiveCommand::getRefName, ReceiveCommand::getNewId));
        try {
            bundles.store(app.id(), pack.getRepository(), wanted, () -> {
                for (ReceiveCommand command : moves) {
                    if (command.getRefName().equals(MASTER)) {
                        move(pack.getRepository(), master, command.getNewId());
                        command.setResult(Result.OK);
                    } else {
                        command.execute(pack);
                    }
                }
                return moves.stream().allMatch(command -> command.getResult() == Result.OK);
            });
        } catch (FlynnException | IOException e) {
            throw FlynnException.unavailable(
                    "The app was deployed, but the commit could not be stored: " + e.getMessage(), e);
        }
    }

    private static RevCommit commit(Repository repository, ObjectId id) throws IOException {
        try (var walk = new RevWalk(repository)) {
            return walk.parseCommit(id);
        }
    }

    /** Nobody else moves master: every push takes its turn. */
    private static void move(Repository repository, ObjectId from, ObjectId to) throws IOException {
        RefUpdate update = repository.updateRef(MASTER);
        update.setExpectedOldObjectId(from);
        update.setNewObjectId(to);
        update.setForceUpdate(true);
        update.setRefLogMessage("push", true);
        RefUpdate.Result result = update.update();
        switch (result) {
            case NEW, FAST_FORWARD, FORCED, NO_CHANGE -> {}
            default -> throw new IOException("the release runs, and master could not be moved to it: " + result);
        }
    }

    private static void refuse(Collection<ReceiveCommand> commands, String reason) {
        commands.stream()
                .filter(command -> command.getResult() == Result.NOT_ATTEMPTED)
                .forEach(command -> command.setResult(Result.REJECTED_OTHER_REASON, reason));
    }
}
